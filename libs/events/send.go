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
	// sendInterval is how soon other replicas learn that events were lost if no later event shows it.
	sendInterval = 200 * time.Millisecond
)

// senderState is the sender's position in its numbering of events.
type senderState struct {
	number      uint64 // The last number that was used.
	unconfirmed bool   // Whether numbers were used that no reader may have seen.
}

// send appends the published events to the stream until the bus is closed.
func (b *Redis[T]) send() {
	var s senderState
	batch := make([]outgoing[T], 0, sendBatch)
	tick := b.clock.NewTicker(sendInterval)
	defer tick.Stop()
	for {
		select {
		case event := <-b.queue:
			batch = b.fillBatch(append(batch[:0], event))
			b.append(&s, batch)
		case <-tick.Chan():
			b.append(&s, nil)
		case <-b.closing:
			for batch = b.fillBatch(batch[:0]); len(batch) > 0; batch = b.fillBatch(batch[:0]) {
				b.append(&s, batch)
			}
			return
		}
	}
}

// fillBatch adds the events to a batch that are in the queue, without waiting for more.
func (b *Redis[T]) fillBatch(batch []outgoing[T]) []outgoing[T] {
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

// append sends a batch in one round trip. A batch that fails is dropped: by the time the server is back, watchers have read its events
// from the store. Its numbers stay used, so that readers notice the gap.
func (b *Redis[T]) append(s *senderState, batch []outgoing[T]) {
	if lost := b.lost.Swap(0); lost > 0 {
		s.number, s.unconfirmed = s.number+lost, true
	}
	if len(batch) == 0 && !s.unconfirmed {
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
		encoded := b.encode(event)
		if !next.fits(encoded) {
			b.add(ctx, pipe, s, next)
			next = entry{}
		}
		next.add(encoded)
	}
	b.add(ctx, pipe, s, next)
	_, err := pipe.Exec(ctx)
	s.unconfirmed = err != nil
	if err != nil {
		b.dropped.Add(float64(len(batch)))
		b.failed(err)
	}
}

// encode leaves out the payload if it is too large, or can't be encoded.
func (b *Redis[T]) encode(event outgoing[T]) encodedEvent {
	encoded := encodedEvent{topic: event.topic, sequence: event.Sequence, cause: telemetry.Traceparent(event.Cause)}
	if payload, err := b.codec.Encode(event.Value); err == nil && len(payload) <= maxPayload {
		encoded.payload = payload
	}
	return encoded
}

// add appends an entry, which uses the next numbers.
func (b *Redis[T]) add(ctx context.Context, pipe goredis.Pipeliner, s *senderState, e entry) {
	s.number += numbers(e.events)
	pipe.XAdd(ctx, &goredis.XAddArgs{Stream: b.stream, MaxLen: streamLength, Approx: true,
		Values: append([]any{fieldOrigin, b.origin, fieldNumber, s.number}, e.fields...)})
}
