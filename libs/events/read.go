package events

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

const (
	// readBatch is how many entries are read at once.
	readBatch = 256
	// readBlock is how long a read blocks for an entry.
	readBlock = 2 * time.Second
	// retryInterval is how often a reader checks whether the server is back.
	retryInterval = 100 * time.Millisecond
	// maxOrigins is how many processes a reader remembers; a restarted process is a new one.
	maxOrigins = 1024
)

// start is an id less than that of every entry of a stream.
const start = "0-0"

// reader is a replica's read position in the stream.
type reader struct {
	last    string            // The id of the last entry that was read.
	numbers map[string]uint64 // The last number of each process.
}

// read notifies this replica's watchers of the other replicas' events until the bus is closed. While there are no watchers it reads
// nothing.
func (b *Redis[T]) read() {
	r := reader{numbers: make(map[string]uint64)}
	for connected := false; b.reading.Err() == nil; {
		var err error
		switch {
		case b.hub.idle():
			connected, r.last = false, ""
			select {
			case <-b.watched:
			case <-b.reading.Done():
			}
		case !b.client.Up():
			connected = false
			b.pause(retryInterval)
		case !connected:
			if err = b.resume(&r); err == nil {
				connected = true
				b.gap.Store(true)
			}
		default:
			err = b.next(&r)
		}
		if err != nil {
			connected = false
			b.failed(err)
		}
	}
}

// resume finds the position to read from: after the entry that was read last or, if the stream is new or was lost, at its end.
func (b *Redis[T]) resume(r *reader) error {
	ctx, cancel := context.WithTimeout(b.reading, b.client.Timeout())
	defer cancel()
	newest, err := b.client.XRevRangeN(ctx, b.stream, "+", "-", 1).Result()
	if err != nil {
		return err
	}
	end := start
	if len(newest) > 0 {
		end = newest[0].ID
	}
	if r.last == "" || idBefore(end, r.last) {
		r.last = end
	}
	return nil
}

// next waits for entries and notifies watchers of their events.
func (b *Redis[T]) next(r *reader) error {
	ctx, cancel := context.WithTimeout(b.reading, readBlock+b.client.Timeout())
	defer cancel()
	streams, err := b.client.XRead(ctx, &goredis.XReadArgs{Streams: []string{b.stream, r.last}, Count: readBatch, Block: readBlock}).Result()
	if errors.Is(err, goredis.Nil) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, stream := range streams {
		for _, entry := range stream.Messages {
			r.last = entry.ID
			b.receive(r, entry.Values)
		}
	}
	return nil
}

// receive notifies watchers of an entry's events, and notes a gap if its number shows that earlier ones were missed.
func (b *Redis[T]) receive(r *reader, entry received) {
	origin := entry.text(fieldOrigin, 0)
	if origin == b.origin {
		return // Publish has notified our own watchers already.
	}
	events := entry.events()
	number, ok := entry.number()
	if !ok || number != r.numbers[origin]+numbers(events) {
		b.gap.Store(true)
	}
	if len(r.numbers) >= maxOrigins {
		clear(r.numbers)
	}
	r.numbers[origin] = number
	for i := range events {
		if topic := entry.text(fieldTopic, i); b.hub.watches(topic) {
			b.hub.Publish(topic, b.notice(entry, i))
		}
	}
}

// notice returns the notice of an entry's i-th event. It has no event if the entry has no payload, or one that can't be read.
func (b *Redis[T]) notice(entry received, i int) Notice[T] {
	sequence, err := strconv.ParseUint(entry.text(fieldSequence, i), 10, 64)
	if err != nil {
		return Notice[T]{}
	}
	payload, ok := entry[field(fieldPayload, i)].(string)
	if !ok {
		return Notice[T]{}
	}
	value, err := b.codec.Decode([]byte(payload))
	if err != nil {
		return Notice[T]{}
	}
	return Notice[T]{Sequence: sequence, Value: value, Cause: telemetry.ParseTraceparent(entry.text(fieldCause, i))}
}

// idBefore reports whether a stream's id precedes another. An id is two numbers; the second one breaks ties.
func idBefore(a, b string) bool {
	part := func(id string) (ms, n uint64) {
		first, second, _ := strings.Cut(id, "-")
		ms, _ = strconv.ParseUint(first, 10, 64)
		n, _ = strconv.ParseUint(second, 10, 64)
		return ms, n
	}
	am, an := part(a)
	bm, bn := part(b)
	return am < bm || am == bm && an < bn
}
