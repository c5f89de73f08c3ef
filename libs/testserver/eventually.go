package testserver

import (
	"testing"
	"time"
)

// Eventually waits until a condition becomes true, such as an effect of a server's background work. The limit of a minute is far beyond
// what that should need.
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
