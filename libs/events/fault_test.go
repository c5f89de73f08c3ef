package events_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/redis/go-redis/v9"

	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

// TestWatchersContinueWithoutRedis kills and freezes the server while two replicas publish. Every watcher of both sees every event once, in
// order, during the outage and after it.
func TestWatchersContinueWithoutRedis(t *testing.T) {
	server := testserver.NewRedis(t)
	url := server.URL()
	for _, fail := range []struct {
		name string
		how  func()
	}{{"killed", server.Kill}, {"frozen", func() { server.Freeze(t) }}} {
		t.Run(fail.name, func(t *testing.T) {
			replicas := []*replica{newReplica(t, url), newReplica(t, url)}
			s := &store{logs: make(map[string][]uint64)}
			watchers := []*watcher{watch(t, s, replicas[0], "a"), watch(t, s, replicas[1], "a")}
			publish := func() (last uint64) {
				for range 20 {
					for _, r := range replicas {
						last = s.append(r, "a")
					}
				}
				return last
			}
			reach := func(last uint64) {
				t.Helper()
				for _, w := range watchers {
					w.reaches(last)
				}
			}
			reach(publish())
			fail.how()
			for range 3 {
				reach(publish())
			}
			server.Kill()
			server.Restart(t)
			reach(publish())
			for i, w := range watchers { // After the restart, events arrive by the stream again, not only from the store.
				from := replicas[1-i]
				received := w.noticed
				w.until("recovery", func() bool {
					s.append(from, "a")
					return w.noticed > received+100
				})
			}
		})
	}
}

// TestOverloadedBusDrops publishes more than the queue holds while the server hangs.
func TestOverloadedBusDrops(t *testing.T) {
	server := testserver.NewRedis(t)
	url := server.URL()
	from, to := newReplica(t, url), newReplica(t, url)
	s := &store{logs: make(map[string][]uint64)}
	w := watch(t, s, to, "a")
	w.reaches(s.append(from, "a"))
	server.Freeze(t)
	var publishing sync.WaitGroup
	for range 4 {
		publishing.Go(func() {
			for range 5_000 {
				s.append(from, "a")
			}
		})
	}
	publishing.Wait()
	server.Kill()
	server.Restart(t)
	w.reaches(20_001)
	if n := from.dropped(t); n == 0 {
		t.Error("nothing was dropped")
	}
}

// TestConcurrentEventsShareEntries publishes faster than the server answers. The stream then has all events in fewer entries, whose
// numbers have no gaps.
func TestConcurrentEventsShareEntries(t *testing.T) {
	const published, stream = 2_000, "bitcraps:events:v1:test"
	from := newReplica(t, testserver.NewRedis(t).URL())
	s := &store{logs: make(map[string][]uint64)}
	for range published {
		s.append(from, "a")
	}
	var entries []redis.XMessage
	testserver.Eventually(t, "the last event in the stream", func() (done bool) {
		var err error
		if entries, err = from.client.XRange(t.Context(), stream, "-", "+").Result(); err != nil {
			t.Fatal(err)
		}
		return len(entries) > 0 && entries[len(entries)-1].Values["n"] == fmt.Sprint(published)
	})
	received := 0
	for _, entry := range entries {
		for field := range entry.Values {
			if strings.HasPrefix(field, "s") {
				received++
			}
		}
		if entry.Values["n"] != fmt.Sprint(received) {
			t.Fatalf("the entry after event %d has the number %v", received, entry.Values["n"])
		}
	}
	if received != published || len(entries) > published/2 {
		t.Errorf("%d events in %d entries", received, len(entries))
	}
}

// TestNothingIsReadWithoutWatchers publishes to a replica without watchers, whose next watcher is notified all the same.
func TestNothingIsReadWithoutWatchers(t *testing.T) {
	url := testserver.NewRedis(t).URL()
	from, to := newReplica(t, url), newReplica(t, url)
	s := &store{logs: make(map[string][]uint64)}
	for range 3 {
		last := s.append(from, "a")
		reads, err := to.client.Info(t.Context(), "commandstats").Result()
		if err != nil || last == 1 && strings.Contains(reads, "cmdstat_xread:") {
			t.Fatalf("%v, %s", err, reads)
		}
		w := watch(t, s, to, "a")
		for received := w.noticed; w.noticed == received; {
			w.reaches(s.append(from, "a"))
		}
		w.live.Close()
	}
}

// TestUnpublishedEventsAreFound stores an event without publishing it, like a process that crashes between the two.
func TestUnpublishedEventsAreFound(t *testing.T) {
	clock := clockwork.NewFakeClock()
	s := &store{logs: make(map[string][]uint64)}
	w := watch(t, s, newReplicaAt(t, testserver.Redis(t), clock), "a")
	s.append(events.NewLocal[uint64](1), "a") // A bus without subscribers.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for w.last == 0 {
		if ctx.Err() != nil {
			t.Fatal("the watcher was never woken")
		}
		clock.Advance(time.Second)
		select {
		case <-w.live.C:
			w.read()
		default:
		}
	}
}
