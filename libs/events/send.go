package events

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

const (
	// sendBatch is how many events are sent at once.
	sendBatch = 256
	// sendInterval is how soon replicas learn that something was lost, where no further event tells them.
	sendInterval = 200 * time.Millisecond
)

// sending is the sender's place in the stream.
type sending struct {
	number uint64 // The last number that was used.
	owed   bool   // Whether numbers were used that no reader may have seen.
}

// send appends what is published to the stream until the bus is closed.
func (b *Redis[T]) send() {
	var s sending
	batch := make([]outgoing[T], 0, sendBatch)
	tick := b.clock.NewTicker(sendInterval)
	defer tick.Stop()
	for {
		select {
		case event := <-b.queue:
			batch = b.gather(append(batch[:0], event))
			b.append(&s, batch)
		case <-tick.Chan():
			b.append(&s, nil)
		case <-b.closing:
			for batch = b.gather(batch[:0]); len(batch) > 0; batch = b.gather(batch[:0]) {
				b.append(&s, batch)
			}
			return
		}
	}
}

// gather adds to a batch what waits by now.
func (b *Redis[T]) gather(batch []outgoing[T]) []outgoing[T] {
	for len(batch) < sendBatch {
		select {
		case event := <-b.queue:
			batch = append(batch, event)
		default:
			return batch
		}
	}
	return batch
}

// append sends a batch in one round trip. What fails is dropped: by the time the server is back, the store has told
// everybody. Its numbers stay used, so that readers see the gap.
func (b *Redis[T]) append(s *sending, batch []outgoing[T]) {
	if lost := b.lost.Swap(0); lost > 0 {
		s.number, s.owed = s.number+lost, true
	}
	if len(batch) == 0 && !s.owed {
		return
	}
	if !b.client.Up() {
		if len(batch) > 0 {
			b.drop(len(batch))
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.client.Timeout())
	defer cancel()
	pipe := b.client.Pipeline()
	next := entry{}
	for _, event := range batch {
		told := b.encode(event)
		if !next.holds(told) {
			b.add(ctx, pipe, s, next)
			next = entry{}
		}
		next.add(told)
	}
	b.add(ctx, pipe, s, next)
	_, err := pipe.Exec(ctx)
	s.owed = err != nil
	if err != nil {
		b.dropped.Add(float64(len(batch)))
		b.failed(err)
	}
}

// encode leaves out the payload where it is too large, or can't be made.
func (b *Redis[T]) encode(event outgoing[T]) told {
	told := told{topic: event.topic, sequence: event.Sequence, cause: telemetry.Traceparent(event.Cause)}
	if payload, err := b.codec.Encode(event.Value); err == nil && len(payload) <= maxPayload {
		told.payload = payload
	}
	return told
}

// add appends an entry under the next numbers.
func (b *Redis[T]) add(ctx context.Context, pipe goredis.Pipeliner, s *sending, e entry) {
	s.number += numbers(e.events)
	pipe.XAdd(ctx, &goredis.XAddArgs{Stream: b.stream, MaxLen: streamLength, Approx: true,
		Values: append([]any{fieldOrigin, b.origin, fieldNumber, s.number}, e.fields...)})
}
