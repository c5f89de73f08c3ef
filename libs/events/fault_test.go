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

// TestWatchersGoOnWithoutRedis kills and freezes the server while two replicas publish. Every watcher of both sees every
// event once, in order, during the outage and behind it.
func TestWatchersGoOnWithoutRedis(t *testing.T) {
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
			for i, w := range watchers { // Behind the restart the stream tells again, not only the store.
				from := replicas[1-i]
				told := w.told
				w.until("recovery", func() bool {
					s.append(from, "a")
					return w.told > told+100
				})
			}
		})
	}
}

// TestABusThatIsOverrunDrops publishes more than the queue holds while the server hangs.
func TestABusThatIsOverrunDrops(t *testing.T) {
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

// TestEventsThatComeTogetherShareEntries publishes faster than the server answers. The stream then has all of it in fewer entries, whose
// numbers have no gaps.
func TestEventsThatComeTogetherShareEntries(t *testing.T) {
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
	told := 0
	for _, entry := range entries {
		for field := range entry.Values {
			if strings.HasPrefix(field, "s") {
				told++
			}
		}
		if entry.Values["n"] != fmt.Sprint(told) {
			t.Fatalf("the entry behind event %d has the number %v", told, entry.Values["n"])
		}
	}
	if told != published || len(entries) > published/2 {
		t.Errorf("%d events in %d entries", told, len(entries))
	}
}

// TestWhereNobodyWatchesNothingIsRead publishes to a replica without watchers, whose next one is told all the same.
func TestWhereNobodyWatchesNothingIsRead(t *testing.T) {
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
		for told := w.told; w.told == told; {
			w.reaches(s.append(from, "a"))
		}
		w.live.Close()
	}
}

// TestWhatNobodyPublishedIsFound stores an event and does not publish it, as a process does that dies between the two.
func TestWhatNobodyPublishedIsFound(t *testing.T) {
	clock := clockwork.NewFakeClock()
	s := &store{logs: make(map[string][]uint64)}
	w := watch(t, s, newReplicaAt(t, testserver.Redis(t), clock), "a")
	s.append(events.NewLocal[uint64](1), "a") // A bus that nobody else hears.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for w.last == 0 {
		if ctx.Err() != nil {
			t.Fatal("the watcher was never sent to the store")
		}
		clock.Advance(time.Second)
		select {
		case <-w.live.C:
			w.read()
		default:
		}
	}
}
