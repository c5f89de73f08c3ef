package rpcserver

import (
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// TestWorkersRunEverythingAtOnce runs more functions than there are reused goroutines, all of which wait for the last one, twice; no goroutine
// leaks.
func TestWorkersRunEverythingAtOnce(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	w := newWorkers()
	for range 2 {
		var started, ended sync.WaitGroup
		started.Add(3 * maxWorkers)
		ended.Add(3 * maxWorkers)
		for range 3 * maxWorkers {
			w.do(func() {
				defer ended.Done()
				started.Done()
				started.Wait()
			})
		}
		ended.Wait()
	}
	w.stop()
	w.stop()
	done := make(chan struct{})
	w.do(func() { close(done) })
	<-done
}
