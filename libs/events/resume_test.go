package events_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// TestReadersResumeWhereTheyStopped disconnects one replica's reader from the server while another publishes. Its watcher gets the missed
// events from the stream: it has no store. The reader's clock stands still until everything is published.
func TestReadersResumeWhereTheyStopped(t *testing.T) {
	url, clock := testserver.NewRedis(t).URL(), clockwork.NewFakeClock()
	from, to := newReplica(t, url), newReplicaAt(t, url, clock)
	live := to.Subscribe("a")
	defer live.Close()
	var published, delivered []uint64
	publish := func() {
		next := uint64(len(published) + 1)
		published = append(published, next)
		from.Publish(t.Context(), "a", next, next*100)
	}
	listen := func() {
		for {
			select {
			case notice, ok := <-live.C:
				switch {
				case !ok:
					t.Fatal("the watcher was too slow")
				case notice.Sequence != 0: // Other notices would make it read the store.
					delivered = append(delivered, notice.Sequence)
				}
			default:
				return
			}
		}
	}
	heard := func() bool { listen(); return slices.Contains(delivered, published[len(published)-1]) }

	testserver.Eventually(t, "the reader", func() bool { return from.reader(t) != "" })
	publish()
	testserver.Eventually(t, "the first event", heard)
	testserver.Eventually(t, "the reader's failure", func() bool {
		if id := from.reader(t); id != "" { // It may be between two reads, and does not notice then.
			from.client.ClientKillByFilter(t.Context(), "ID", id)
		}
		return !to.client.Up()
	})
	entries := from.client.XLen(t.Context(), "bitcraps:events:v1:test").Val()
	for range 20 {
		publish()
	}
	testserver.Eventually(t, "an entry that the reader missed", func() bool { return from.client.XLen(t.Context(), "bitcraps:events:v1:test").Val() > entries })
	testserver.Eventually(t, "the reader's return", func() bool {
		clock.Advance(time.Second)
		listen()
		return from.reader(t) != ""
	})
	publish() // After this one the stream has nothing more to deliver.
	testserver.Eventually(t, "the last event", heard)
	if !slices.Equal(delivered, published) {
		t.Errorf("the stream delivered %v, and %v were published", delivered, published)
	}
}

// reader returns the id of a connection that waits for the stream's next entry.
func (r *replica) reader(t *testing.T) (id string) {
	t.Helper()
	list, err := r.client.ClientList(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(list) {
		if strings.Contains(line, " flags=b ") && strings.Contains(line, " cmd=xread ") {
			id, _, _ = strings.Cut(strings.TrimPrefix(line, "id="), " ")
		}
	}
	return id
}
