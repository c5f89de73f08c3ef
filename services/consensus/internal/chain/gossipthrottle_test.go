package chain

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a gossipThrottle
		rested := func() time.Duration {
			start := time.Now()
			a.wait()
			return time.Since(start)
		}
		if d := rested(); d != idlePollInterval {
			t.Errorf("where nothing happened it rests %s, want %s", d, idlePollInterval)
		}
		a.wake()
		if d := rested(); d != 0 {
			t.Errorf("behind something it rests %s", d)
		}
		time.Sleep(activePeriod)
		done := make(chan time.Duration)
		for range 2 {
			go func() { done <- rested() }()
		}
		time.Sleep(idlePollInterval / 2)
		a.wake()
		for range 2 {
			if d := <-done; d != idlePollInterval/2 {
				t.Errorf("roused behind %s, want %s", d, idlePollInterval/2)
			}
		}
	})
}
