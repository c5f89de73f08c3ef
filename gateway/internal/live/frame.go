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

// Frame is an encoded event. All watchers share its bytes, which must not be modified.
type Frame struct {
	// Sequence is the event's position in the log.
	Sequence uint64
	// Event is the event encoded as a server-sent event, Message as a WebSocket message.
	Event, Message []byte

	last bool // Whether it is the game's last event.
	// author is the player who wrote the frame's chat message, and erased is the frame without its text. They are empty and nil for
	// other events.
	author string
	erased *Frame

	delivery  trace.Span // Does not record if the event is not traced.
	delivered sync.Once
}

// Delivered reports that a watcher has received the frame. The first delivery ends the span: a span for each watcher would mean
// thousands.
func (f *Frame) Delivered() { f.delivered.Do(func() { f.delivery.End() }) }

// size returns a frame's size in memory, in bytes.
func (f *Frame) size() int {
	if f == nil {
		return 0
	}
	return len(f.Event) + len(f.Message) + f.erased.size()
}

// encode encodes an event as a frame and starts the delivery's span, in the trace of the call that caused the event.
func (f *Feeds) encode(resp *gamev1.WatchGameResponse) (*Frame, error) {
	event := resp.GetEvent()
	frame, err := newFrame(event)
	if err != nil {
		return nil, err
	}
	frame.delivery = f.startDelivery(event, telemetry.ParseTraceparent(resp.GetTraceparent()))
	if said := event.GetChatPosted(); said != nil {
		blank := proto.CloneOf(event)
		blank.GetChatPosted().Text = ""
		frame.author = said.GetPlayerId()
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
		Event:    fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", event.GetSequence(), eventKind(event), body),
		Message:  fmt.Appendf(nil, `{"type":"event","event":%s}`, body),
		last:     event.GetGameClosed() != nil,
		delivery: untraced,
	}, nil
}

var untraced = trace.SpanFromContext(context.Background())

func (f *Feeds) startDelivery(event *gamev1.Event, cause trace.SpanContext) trace.Span {
	if !cause.IsSampled() {
		return untraced
	}
	_, span := f.tracer.Start(trace.ContextWithRemoteSpanContext(context.Background(), cause), "deliver "+string(eventKind(event)),
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
			attribute.String("game.id", event.GetGameId()), attribute.Int64("event.sequence", event.GetSequence())))
	return span
}

// eventKind returns an event's kind: the name of the member that is set in its oneof.
func eventKind(event *gamev1.Event) protoreflect.Name {
	message := event.ProtoReflect()
	if field := message.WhichOneof(message.Descriptor().Oneofs().ByName("detail")); field != nil {
		return field.Name()
	}
	return "event"
}
