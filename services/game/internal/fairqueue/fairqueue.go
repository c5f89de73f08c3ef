// Package fairqueue is a bounded queue that many put into and few take from, in groups. Those who wait are served in turn,
// whatever each of them has brought, so one that brings much makes itself wait and nobody else.
package fairqueue

import (
	"context"
	"errors"
	"sync"
)

// ErrFull means that the queue, or the caller's part of it, has no more room.
var ErrFull = errors.New("fairqueue: full")

// ErrClosed means that the queue takes nothing more.
var ErrClosed = errors.New("fairqueue: closed")

// Queue holds items by the key of whoever brought them. Its zero value is not usable; see New.
type Queue[K comparable, T any] struct {
	max, maxEach int

	mu      sync.Mutex
	waiting map[K][]T
	order   []K // Those with items, whose turn is next first.
	size    int
	closed  bool
	filled  chan struct{} // Has a token while there is something to take.
}

// New returns a queue for at most max items, and at most maxEach of each key.
func New[K comparable, T any](max, maxEach int) *Queue[K, T] {
	return &Queue[K, T]{max: max, maxEach: maxEach, waiting: make(map[K][]T), filled: make(chan struct{}, 1)}
}

// Put appends an item. It never waits.
func (q *Queue[K, T]) Put(key K, item T) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case q.size >= q.max || len(q.waiting[key]) >= q.maxEach:
		return ErrFull
	}
	if len(q.waiting[key]) == 0 {
		q.order = append(q.order, key)
	}
	q.waiting[key] = append(q.waiting[key], item)
	q.size++
	q.signal()
	return nil
}

// signal must be called with the lock held.
func (q *Queue[K, T]) signal() {
	select {
	case q.filled <- struct{}{}:
	default: // Somebody is told already.
	}
}

// Take waits until there is something and returns at most max items, one of each key in turn. It returns nothing once
// the queue is closed and empty, or the context ends.
func (q *Queue[K, T]) Take(ctx context.Context, max int) []T {
	for {
		items, closed := q.take(max)
		if len(items) > 0 || closed {
			return items
		}
		select {
		case <-q.filled:
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
		own := q.waiting[key]
		items = append(items, own[0])
		q.size--
		if len(own) == 1 {
			delete(q.waiting, key)
			continue
		}
		q.waiting[key] = own[1:]
		q.order = append(q.order, key)
	}
	if q.size > 0 || q.closed {
		q.signal() // There is more, for others who take; and those who wait must see that it is over.
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

// Len is how many items wait.
func (q *Queue[K, T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}
