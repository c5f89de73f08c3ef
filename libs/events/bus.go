package events

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// Notice tells a watcher that the log of its topic has grown.
type Notice[T any] struct {
	// Sequence is the event's place in the log. It is 0 where there may be events that nobody told of: the watcher must
	// look into the store.
	Sequence uint64
	// Value is the event, unless Sequence is 0.
	Value T
	// Cause is the span that the event came of, where its trace is kept.
	Cause trace.SpanContext
}

// Bus tells the watchers of a topic what is appended to its log, whichever replica appends it. It may repeat, reorder and
// lose events: the log in the store is what counts, sequences say what is missing, and where an event was or may have been
// lost, a notice without one follows before long.
type Bus[T any] interface {
	// Publish tells of an event that is in the store, and that it came of the context's span; with a sequence of 0, and no event, that
	// there may be some. It never waits.
	Publish(ctx context.Context, topic string, sequence uint64, value T)
	// Subscribe begins to watch. The caller must Close the subscription.
	Subscribe(topic string) *Subscription[Notice[T]]
	// Close ends the bus, behind the last Publish. Subscriptions hear nothing more.
	Close() error
}

// Local is a Bus for a service that has one replica.
type Local[T any] struct{ hub *Hub[Notice[T]] }

// NewLocal returns a Bus within this process. A watcher may be up to buffer notices behind before it is cut off.
func NewLocal[T any](buffer int) *Local[T] {
	return &Local[T]{hub: NewHub[Notice[T]](buffer)}
}

// Publish implements Bus.
func (l *Local[T]) Publish(ctx context.Context, topic string, sequence uint64, value T) {
	l.hub.Publish(topic, Notice[T]{Sequence: sequence, Value: value, Cause: cause(ctx)})
}

// cause is the span of a context, where its trace is kept.
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
