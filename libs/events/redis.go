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
	// queueSize is how many events may wait to be sent. Further ones are dropped.
	queueSize = 4096
	// streamLength is about how many entries the server keeps for a replica that was disconnected for a moment.
	streamLength = 16_384
	// maxPayload is the largest event in bytes that is sent; of a larger one, only its existence is. Events share an entry up to this
	// size, so together with streamLength it bounds the stream's share of the server's memory.
	maxPayload = 4 << 10
)

// Codec encodes and decodes events.
type Codec[T any] struct {
	Encode func(T) ([]byte, error)
	Decode func([]byte) (T, error)
}

// Redis is a Bus for all replicas of a service. They share one stream: each replica appends to it, and reads it while it has watchers.
// Watchers at the publishing replica are notified at once, whether the stream works or not.
type Redis[T any] struct {
	*Local[T]

	client *redis.Client
	codec  Codec[T]
	clock  clockwork.Clock
	logger *slog.Logger
	stream string
	origin string // Identifies this process among those that append to the stream.

	queue   chan outgoing[T]
	lost    atomic.Uint64 // Events that were dropped since the last batch.
	dropped prometheus.Counter
	gap     atomic.Bool // Whether events of other replicas may have been missed since the last round of wakes.

	watched chan struct{} // Signals that there is a new watcher.
	reading context.Context
	cancel  context.CancelFunc
	closing chan struct{}
	sender  sync.WaitGroup
	readers sync.WaitGroup
}

// outgoing is an event that waits to be sent to the stream.
type outgoing[T any] struct {
	topic string
	Notice[T]
}

// NewRedis returns a Bus over a Redis server. Replicas with the same name share it. Closing the Bus closes the client.
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
	b.readers.Go(b.read)
	b.readers.Go(b.wake)
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
	default: // The reader has been signalled already.
	}
	return subscription
}

func (b *Redis[T]) drop(n int) {
	b.lost.Add(uint64(n))
	b.dropped.Add(float64(n))
}

// Close implements Bus. It sends the queued events, once, before it ends.
func (b *Redis[T]) Close() error {
	close(b.closing)
	b.sender.Wait()
	b.cancel()
	err := b.client.Close() // Interrupts the read that waits for the next event.
	b.readers.Wait()
	return err
}

// pause waits for d, or until the bus is closed.
func (b *Redis[T]) pause(d time.Duration) {
	select {
	case <-b.clock.After(d):
	case <-b.reading.Done():
	}
}

// failed reports a failed command of the server, unless it failed because the bus is being closed.
func (b *Redis[T]) failed(err error) {
	if b.reading.Err() == nil && !errors.Is(err, context.Canceled) {
		b.client.ReportFailure(err)
	}
}
