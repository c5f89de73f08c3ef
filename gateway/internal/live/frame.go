package live

import (
	"context"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// Frame is an event as it is sent. All who watch share its bytes, so nobody may change them.
type Frame struct {
	// Sequence is the event's place in the log.
	Sequence uint64
	// Event is its text as a server-sent event, Message its text on a WebSocket.
	Event, Message []byte

	last bool // Whether the game is over behind it.
	// speaker said what the frame says, and erased is the frame without it; empty and nil where nobody said anything.
	speaker string
	erased  *Frame

	delivery  trace.Span // Records nothing where the event is not traced.
	delivered sync.Once
}

// Delivered says that a watcher has the frame. The first one ends the delivery's span: one for each would be one for each of
// thousands.
func (f *Frame) Delivered() { f.delivered.Do(func() { f.delivery.End() }) }

// size is what a frame takes of memory.
func (f *Frame) size() int {
	if f == nil {
		return 0
	}
	return len(f.Event) + len(f.Message) + f.erased.size()
}

// encode makes a frame of an event, whose delivery begins now: in the trace of the call that it came of.
func (f *Feeds) encode(resp *gamev1.WatchGameResponse) (*Frame, error) {
	event := resp.GetEvent()
	frame, err := newFrame(event)
	if err != nil {
		return nil, err
	}
	frame.delivery = f.delivery(event, telemetry.ParseTraceparent(resp.GetTraceparent()))
	if said := event.GetChatPosted(); said != nil {
		blank := proto.CloneOf(event)
		blank.GetChatPosted().Text = ""
		frame.speaker = said.GetPlayerId()
		frame.erased, err = newFrame(blank)
	}
	return frame, err
}

func newFrame(event *gamev1.Event) (*Frame, error) {
	body, err := canonical.JSON(event)
	if err != nil {
		return nil, err
	}
	return &Frame{
		Sequence: uint64(event.GetSequence()),
		Event:    fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", event.GetSequence(), kind(event), body),
		Message:  fmt.Appendf(nil, `{"type":"event","event":%s}`, body),
		last:     event.GetGameClosed() != nil,
		delivery: untraced,
	}, nil
}

var untraced = trace.SpanFromContext(context.Background())

func (f *Feeds) delivery(event *gamev1.Event, cause trace.SpanContext) trace.Span {
	if !cause.IsSampled() {
		return untraced
	}
	_, span := f.tracer.Start(trace.ContextWithRemoteSpanContext(context.Background(), cause), "deliver "+string(kind(event)),
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
			attribute.String("game.id", event.GetGameId()), attribute.Int64("event.sequence", event.GetSequence())))
	return span
}

// kind is the name of what happened: the set member of the event's oneof.
func kind(event *gamev1.Event) protoreflect.Name {
	message := event.ProtoReflect()
	if field := message.WhichOneof(message.Descriptor().Oneofs().ByName("detail")); field != nil {
		return field.Name()
	}
	return "event"
}
