package telemetry

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// maxWaiting is how many bytes of lines wait for a writer that is slow. From half of it on, only warnings and audit lines are
// taken.
const maxWaiting = 4 << 20

// queue is an io.Writer that never waits for the one behind it. What gathers while that one writes is written at once, by a
// goroutine that is there only as long as there is something to write.
type queue struct {
	out     io.Writer
	dropped prometheus.Counter

	mu      sync.Mutex
	waiting []byte
	lines   int
	spare   []byte        // Becomes waiting when that is being written.
	idle    chan struct{} // Closed when all is written; nil while nothing is.
}

// Write implements io.Writer: it takes one line.
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

// crowded reports whether what is left is for lines that matter more.
func (q *queue) crowded() bool {
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

// flush waits until all is written.
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
