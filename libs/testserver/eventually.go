package testserver

import (
	"testing"
	"time"
)

// Eventually waits for what a server does in its own time. The minute that it has is far beyond what it should need.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline, tick := time.NewTimer(time.Minute), time.NewTicker(5*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s did not happen within a minute", what)
		}
	}
}
