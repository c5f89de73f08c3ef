package events

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// Notice tells a watcher that the log of its topic has grown.
type Notice[T any] struct {
	// Sequence is the event's place in the log. It is 0 if there may be events without a notice: the watcher must read the
	// store.
	Sequence uint64
	// Value is the event, unless Sequence is 0.
	Value T
	// Cause is the span that produced the event, if it is sampled.
	Cause trace.SpanContext
}

// Bus notifies the watchers of a topic of events that are appended to its log, whichever replica appends them. It may repeat, reorder
// and lose events: the log in the store is authoritative, gaps in the sequence show what is missing, and if an event was or may
// have been lost, a notice without an event follows soon.
type Bus[T any] interface {
	// Publish notifies watchers of an event that is in the store, caused by the context's span. With a sequence of 0 and no event, it
	// notifies them that there may be some. It never blocks.
	Publish(ctx context.Context, topic string, sequence uint64, value T)
	// Subscribe starts watching a topic. The caller must Close the subscription.
	Subscribe(topic string) *Subscription[Notice[T]]
	// Close ends the bus. It must be called after the last Publish. Subscriptions receive nothing more.
	Close() error
}

// Local is a Bus for a service that has one replica.
type Local[T any] struct{ hub *Hub[Notice[T]] }

// NewLocal returns a Bus within this process. A watcher that lags by more than buffer notices is disconnected.
func NewLocal[T any](buffer int) *Local[T] {
	return &Local[T]{hub: NewHub[Notice[T]](buffer)}
}

// Publish implements Bus.
func (l *Local[T]) Publish(ctx context.Context, topic string, sequence uint64, value T) {
	l.hub.Publish(topic, Notice[T]{Sequence: sequence, Value: value, Cause: cause(ctx)})
}

// cause returns the span of a context, if it is sampled.
func cause(ctx context.Context) trace.SpanContext {
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		return span
	}
	return trace.SpanContext{}
}

// Subscribe implements Bus.
func (l *Local[T]) Subscribe(topic string) *Subscription[Notice[T]] { return l.hub.Subscribe(topic) }

// Close implements Bus.
func (l *Local[T]) Close() error { return nil }
