package events

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

const (
	// queueSize is how many events wait to be sent before further ones are dropped.
	queueSize = 4096
	// streamLength is about how many entries the server keeps for a replica that was away for a moment.
	streamLength = 16_384
	// maxPayload is the largest event that is sent; of a larger one only that it is there. Events share an entry up to it, so
	// with streamLength it bounds what the stream takes of the server's memory.
	maxPayload = 4 << 10
)

// Codec turns events into bytes and back.
type Codec[T any] struct {
	Encode func(T) ([]byte, error)
	Decode func([]byte) (T, error)
}

// Redis is a Bus for all replicas of a service: one stream, which each of them appends to, and reads
// while somebody watches there. Watchers of the replica that publishes are told at once, whatever becomes of the stream.
type Redis[T any] struct {
	*Local[T]

	client *redis.Client
	codec  Codec[T]
	clock  clockwork.Clock
	logger *slog.Logger
	stream string
	origin string // This process, among those that append to the stream.

	queue   chan outgoing[T]
	lost    atomic.Uint64 // Events that were dropped since the last batch.
	dropped prometheus.Counter
	gap     atomic.Bool // Whether events of others may have been missed since the last round of wakes.

	watched chan struct{} // Has a token when somebody has begun to watch.
	reading context.Context
	cancel  context.CancelFunc
	closing chan struct{}
	sender  sync.WaitGroup
	others  sync.WaitGroup
}

// outgoing is an event on its way to the stream.
type outgoing[T any] struct {
	topic string
	Notice[T]
}

// NewRedis returns a Bus over the server, which the caller's replicas use under the same name. It closes the client when
// it is closed.
func NewRedis[T any](client *redis.Client, name string, buffer int, codec Codec[T], clock clockwork.Clock, scope telemetry.Scope) *Redis[T] {
	b := &Redis[T]{
		Local: NewLocal[T](buffer), client: client, codec: codec, clock: clock, logger: scope.Logger,
		stream: "bitcraps:events:v1:" + name, origin: uuid.NewString(), queue: make(chan outgoing[T], queueSize), closing: make(chan struct{}),
		watched: make(chan struct{}, 1),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "bitcraps_events_dropped_total",
			Help: "Events that other replicas were not sent; they find them in the store."}),
	}
	scope.Metrics.MustRegister(b.dropped)
	b.reading, b.cancel = context.WithCancel(context.Background()) //nolint:gosec // G118: Close calls it.
	b.sender.Go(b.send)
	b.others.Go(b.read)
	b.others.Go(b.wake)
	return b
}

// Publish implements Bus.
func (b *Redis[T]) Publish(ctx context.Context, topic string, sequence uint64, value T) {
	notice := Notice[T]{Sequence: sequence, Value: value, Cause: cause(ctx)}
	b.hub.Publish(topic, notice)
	select {
	case b.queue <- outgoing[T]{topic, notice}:
	default:
		b.drop(1)
	}
}

// Subscribe implements Bus.
func (b *Redis[T]) Subscribe(topic string) *Subscription[Notice[T]] {
	subscription := b.hub.Subscribe(topic)
	select {
	case b.watched <- struct{}{}:
	default: // The reader is told already.
	}
	return subscription
}

func (b *Redis[T]) drop(n int) {
	b.lost.Add(uint64(n))
	b.dropped.Add(float64(n))
}

// Close implements Bus: it sends what waits, once, and ends.
func (b *Redis[T]) Close() error {
	close(b.closing)
	b.sender.Wait()
	b.cancel()
	err := b.client.Close() // Ends the read that waits for the next event.
	b.others.Wait()
	return err
}

// pause waits a moment, or until the bus is closed.
func (b *Redis[T]) pause(d time.Duration) {
	select {
	case <-b.clock.After(d):
	case <-b.reading.Done():
	}
}

// failed marks the server as down, unless the bus is what ended the command.
func (b *Redis[T]) failed(err error) {
	if b.reading.Err() == nil && !errors.Is(err, context.Canceled) {
		b.client.Failed(err)
	}
}
