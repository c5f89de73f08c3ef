package telemetry

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// maxWaiting is how many bytes of lines may wait for a slow writer. Above half of it, only warnings and audit lines are accepted.
const maxWaiting = 4 << 20

// queue is an io.Writer that never waits for the writer it wraps. Lines that arrive while that one writes are written together next, by a
// goroutine that exists only while there is something to write.
type queue struct {
	out     io.Writer
	dropped prometheus.Counter

	mu      sync.Mutex
	waiting []byte
	lines   int
	spare   []byte        // Replaces waiting while that is being written.
	idle    chan struct{} // Closed when everything is written; nil while there is nothing to write.
}

// Write implements io.Writer. It accepts one line at a time.
func (q *queue) Write(line []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting)+len(line) > maxWaiting {
		q.dropped.Inc()
		return len(line), nil
	}
	q.waiting = append(q.waiting, line...)
	q.lines++
	if q.idle == nil {
		q.idle = make(chan struct{})
		go q.drain()
	}
	return len(line), nil
}

// halfFull reports whether more than half of the queue is used: the rest is reserved for more important lines.
func (q *queue) halfFull() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) > maxWaiting/2
}

func (q *queue) drain() {
	for {
		q.mu.Lock()
		if q.lines == 0 {
			close(q.idle)
			q.idle = nil
			q.mu.Unlock()
			return
		}
		batch, lines := q.waiting, q.lines
		q.waiting, q.lines = q.spare[:0], 0
		q.mu.Unlock()
		if _, err := q.out.Write(batch); err != nil {
			q.dropped.Add(float64(lines))
		}
		q.spare = batch
	}
}

// flush waits until everything is written.
func (q *queue) flush(ctx context.Context) error {
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("log lines are not written yet: %w", ctx.Err())
	}
}
