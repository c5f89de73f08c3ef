// Package fairqueue provides a bounded queue with round-robin scheduling across keys, for many producers and few consumers,
// which take items in groups. A key with many items delays only itself.
package fairqueue

import (
	"context"
	"errors"
	"sync"
)

// ErrFull means that the queue, or the key's share of it, is full.
var ErrFull = errors.New("fairqueue: full")

// ErrClosed means that the queue accepts no more items.
var ErrClosed = errors.New("fairqueue: closed")

// Queue holds items by the key of their producer. Its zero value is not usable; see New.
type Queue[K comparable, T any] struct {
	max, maxPerKey int

	mu     sync.Mutex
	items  map[K][]T
	order  []K // The keys that have items, the next one to serve first.
	size   int
	closed bool
	ready  chan struct{} // Has a token while there are items.
}

// New returns a queue for at most max items, and at most maxPerKey of each key.
func New[K comparable, T any](max, maxPerKey int) *Queue[K, T] {
	return &Queue[K, T]{max: max, maxPerKey: maxPerKey, items: make(map[K][]T), ready: make(chan struct{}, 1)}
}

// Put appends an item. It never blocks.
func (q *Queue[K, T]) Put(key K, item T) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case q.size >= q.max || len(q.items[key]) >= q.maxPerKey:
		return ErrFull
	}
	if len(q.items[key]) == 0 {
		q.order = append(q.order, key)
	}
	q.items[key] = append(q.items[key], item)
	q.size++
	q.signal()
	return nil
}

// signal must be called with the lock held.
func (q *Queue[K, T]) signal() {
	select {
	case q.ready <- struct{}{}:
	default: // The token is there already.
	}
}

// Take blocks until there are items and returns at most max of them, one of each key in turn. It returns nil once the queue is
// closed and empty, or the context ends.
func (q *Queue[K, T]) Take(ctx context.Context, max int) []T {
	for {
		items, closed := q.take(max)
		if len(items) > 0 || closed {
			return items
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return nil
		}
	}
}

func (q *Queue[K, T]) take(max int) (items []T, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(items) < max && q.size > 0 {
		key := q.order[0]
		q.order = q.order[1:]
		own := q.items[key]
		items = append(items, own[0])
		q.size--
		if len(own) == 1 {
			delete(q.items, key)
			continue
		}
		q.items[key] = own[1:]
		q.order = append(q.order, key)
	}
	if q.size > 0 || q.closed {
		q.signal() // Other consumers can take the rest; and all that block must see that the queue is closed.
	}
	return items, q.closed
}

// Close refuses new items. What is in the queue can still be taken.
func (q *Queue[K, T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// Len returns the number of items in the queue.
func (q *Queue[K, T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}
