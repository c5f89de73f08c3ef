package live

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bitcraps/bitcraps/libs/canonical"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// Frame is an event as it is sent. All who watch share its bytes, so nobody may change them.
type Frame struct {
	// Sequence is the event's place in the log.
	Sequence uint64
	// Event is its text as a server-sent event, Message its text on a WebSocket.
	Event, Message []byte

	last bool // Whether the game is over behind it.
}

// size is what a frame takes of memory.
func (f *Frame) size() int { return len(f.Event) + len(f.Message) }

func encode(event *gamev1.Event) (*Frame, error) {
	body, err := canonical.JSON(event)
	if err != nil {
		return nil, err
	}
	return &Frame{
		Sequence: uint64(event.GetSequence()),
		Event:    fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", event.GetSequence(), kind(event), body),
		Message:  fmt.Appendf(nil, `{"type":"event","event":%s}`, body),
		last:     event.GetGameClosed() != nil,
	}, nil
}

// kind is the name of what happened: the set member of the event's oneof.
func kind(event *gamev1.Event) protoreflect.Name {
	message := event.ProtoReflect()
	if field := message.WhichOneof(message.Descriptor().Oneofs().ByName("detail")); field != nil {
		return field.Name()
	}
	return "event"
}
