package events_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/bitcraps/bitcraps/libs/events"
)

func TestValuesReachTheTopicsWatchersInOrder(t *testing.T) {
	hub := events.NewHub[int](8)
	one, other := hub.Subscribe("a"), hub.Subscribe("b")
	defer one.Close()
	defer other.Close()
	for i := range 3 {
		hub.Publish("a", i)
	}
	hub.Publish("nobody listens", 9)
	for want := range 3 {
		if got := <-one.C; got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	if len(other.C) != 0 {
		t.Error("the other topic got a value")
	}
}

func TestSlowWatcherIsDisconnectedAlone(t *testing.T) {
	hub := events.NewHub[int](2)
	slow, quick := hub.Subscribe("a"), hub.Subscribe("a")
	defer quick.Close()
	for i := range 3 {
		hub.Publish("a", i)
		<-quick.C
	}
	var got []int
	for v := range slow.C { // Ends only when the hub closed it.
		got = append(got, v)
	}
	if fmt.Sprint(got) != "[0 1]" {
		t.Errorf("slow watcher got %v", got)
	}
	slow.Close()
}

func TestConcurrentUse(t *testing.T) {
	hub := events.NewHub[int](1)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				sub := hub.Subscribe("a")
				hub.Publish("a", i)
				sub.Close()
				sub.Close()
			}
		})
	}
	wg.Wait()
}
