package chain

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a alert
		rested := func() time.Duration {
			start := time.Now()
			a.rest()
			return time.Since(start)
		}
		if d := rested(); d != restLook {
			t.Errorf("where nothing happened it rests %s, want %s", d, restLook)
		}
		a.rouse()
		if d := rested(); d != 0 {
			t.Errorf("behind something it rests %s", d)
		}
		time.Sleep(awake)
		done := make(chan time.Duration)
		for range 2 {
			go func() { done <- rested() }()
		}
		time.Sleep(restLook / 2)
		a.rouse()
		for range 2 {
			if d := <-done; d != restLook/2 {
				t.Errorf("roused behind %s, want %s", d, restLook/2)
			}
		}
	})
}
