package chain

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestGossipThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var throttle gossipThrottle
		waited := func() time.Duration {
			start := time.Now()
			throttle.wait()
			return time.Since(start)
		}
		if d := waited(); d != idlePollInterval {
			t.Errorf("without activity it waits %s, want %s", d, idlePollInterval)
		}
		throttle.wake()
		if d := waited(); d != 0 {
			t.Errorf("after activity it waits %s", d)
		}
		time.Sleep(activePeriod)
		done := make(chan time.Duration)
		for range 2 {
			go func() { done <- waited() }()
		}
		time.Sleep(idlePollInterval / 2)
		throttle.wake()
		for range 2 {
			if d := <-done; d != idlePollInterval/2 {
				t.Errorf("woken after %s, want %s", d, idlePollInterval/2)
			}
		}
	})
}
