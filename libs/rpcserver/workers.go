package rpcserver

import "sync"

// maxWorkers is how many goroutines are reused.
const maxWorkers = 64

// workers runs functions on reused goroutines, whose stacks have grown already: a call needs more than a goroutine's initial stack, and
// growing it for every call took a fifteenth of the game service's CPU time.
type workers struct {
	start sync.Once
	idle  chan func()
	done  chan struct{}
	// stop ends the reused goroutines.
	stop func()
}

func newWorkers() *workers {
	w := &workers{idle: make(chan func()), done: make(chan struct{})}
	w.stop = sync.OnceFunc(func() { close(w.done) })
	return w
}

// do starts f at once, on a new goroutine where all reused ones are busy.
func (w *workers) do(f func()) {
	w.start.Do(func() {
		for range maxWorkers {
			go w.work()
		}
	})
	select {
	case w.idle <- f:
	default:
		go f()
	}
}

func (w *workers) work() {
	for {
		select {
		case f := <-w.idle:
			f()
		case <-w.done:
			return
		}
	}
}
