package rpcserver

import "sync"

// maxWorkers is how many goroutines stay.
const maxWorkers = 64

// workers run functions on goroutines that stay and have grown their stacks already: a call needs more than a goroutine starts with, and
// to grow it anew took a game a fifteenth of its time.
type workers struct {
	start sync.Once
	idle  chan func()
	over  chan struct{}
	// stop has those that stay go.
	stop func()
}

func newWorkers() *workers {
	w := &workers{idle: make(chan func()), over: make(chan struct{})}
	w.stop = sync.OnceFunc(func() { close(w.over) })
	return w
}

// do runs f at once: where all that stay are busy, on one that does not.
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
		case <-w.over:
			return
		}
	}
}
