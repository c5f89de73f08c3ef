package events_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"go.uber.org/goleak"

	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testserver.Suite{M: m}) }

// store has the logs of all topics, which every replica can read.
type store struct {
	mu   sync.Mutex
	logs map[string][]uint64
}

// keep stores the next event of a topic.
func (s *store) keep(topic string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	sequence := uint64(len(s.logs[topic]) + 1)
	s.logs[topic] = append(s.logs[topic], sequence*10)
	return sequence
}

// append stores an event and publishes it on a bus.
func (s *store) append(bus events.Bus[uint64], topic string) uint64 {
	sequence := s.keep(topic)
	bus.Publish(context.Background(), topic, sequence, sequence*10)
	return sequence
}

func (s *store) after(topic string, sequence uint64) []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.logs[topic][sequence:])
}

// watcher follows a topic as a service's stream does: values in order, gaps from the store.
type watcher struct {
	t       *testing.T
	store   *store
	bus     events.Bus[uint64]
	topic   string
	live    *events.Subscription[events.Notice[uint64]]
	last    uint64
	noticed int // The number of events that came with a notice rather than from the store.
}

func watch(t *testing.T, s *store, bus events.Bus[uint64], topic string) *watcher {
	t.Helper()
	w := &watcher{t: t, store: s, bus: bus, topic: topic, live: bus.Subscribe(topic)}
	t.Cleanup(w.live.Close)
	w.read()
	return w
}

func (w *watcher) read() {
	for _, value := range w.store.after(w.topic, w.last) {
		w.see(value)
	}
}

func (w *watcher) see(value uint64) {
	w.last++
	if value != w.last*10 {
		w.t.Errorf("event %d is %d", w.last, value)
	}
}

// until follows the topic until a condition holds; the deadline is far beyond what that should need.
func (w *watcher) until(what string, condition func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	for !condition() {
		select {
		case notice, ok := <-w.live.C:
			switch {
			case !ok: // It was disconnected, and resumes.
				w.live = w.bus.Subscribe(w.topic)
				w.t.Cleanup(w.live.Close)
				w.read()
			case notice.Sequence == 0 || notice.Sequence > w.last+1:
				w.read()
			case notice.Sequence == w.last+1:
				w.noticed++
				w.see(notice.Value)
			}
		case <-ctx.Done():
			w.t.Fatalf("%s: the watcher is at event %d of %s", what, w.last, w.topic)
		}
	}
}

func (w *watcher) reaches(sequence uint64) {
	w.t.Helper()
	w.until(fmt.Sprint("waiting for event ", sequence), func() bool { return w.last >= sequence })
}

var codec = events.Codec[uint64]{
	Encode: func(v uint64) ([]byte, error) {
		switch v {
		case 30:
			return nil, errors.New("can't be encoded")
		case 40:
			return make([]byte, 100_000), nil
		case 50:
			return []byte("nonsense"), nil
		}
		return binary.BigEndian.AppendUint64(nil, v), nil
	},
	Decode: func(b []byte) (uint64, error) {
		if string(b) == "nonsense" || len(b) != 8 {
			return 0, errors.New("can't be decoded")
		}
		return binary.BigEndian.Uint64(b), nil
	},
}

// replica is one process's bus over Redis.
type replica struct {
	*events.Redis[uint64]
	client *redis.Client
	tel    *telemetry.Telemetry
}

func newReplica(t *testing.T, url string) *replica {
	t.Helper()
	return newReplicaAt(t, url, clockwork.NewRealClock())
}

func newReplicaAt(t *testing.T, url string, clock clockwork.Clock) *replica {
	t.Helper()
	r := &replica{tel: telemetry.Discard()}
	var err error
	if r.client, err = redis.Open(t.Context(), redis.Config{URL: url, Timeout: time.Second}, clock, r.tel.For("test", 0)); err != nil {
		t.Fatal(err)
	}
	r.Redis = events.NewRedis(r.client, "test", 64, codec, clock, r.tel.For("test", 0))
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// dropped returns the value of the metric.
func (r *replica) dropped(t *testing.T) float64 {
	t.Helper()
	families, err := r.tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if strings.HasPrefix(family.GetName(), "bitcraps_events_dropped") {
			return family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatal("there is no such metric")
	return 0
}

// TestConformance checks that all buses behave alike. publish and watch are replicas of one service.
func TestConformance(t *testing.T) {
	for name, newBuses := range map[string]func(*testing.T) (publish, watch events.Bus[uint64]){
		"local": func(*testing.T) (events.Bus[uint64], events.Bus[uint64]) {
			bus := events.NewLocal[uint64](64)
			return bus, bus
		},
		"redis, same replica": func(t *testing.T) (events.Bus[uint64], events.Bus[uint64]) {
			bus := newReplica(t, testserver.Redis(t))
			return bus, bus
		},
		"redis, other replica": func(t *testing.T) (events.Bus[uint64], events.Bus[uint64]) {
			url := testserver.Redis(t)
			return newReplica(t, url), newReplica(t, url)
		},
	} {
		t.Run(name, func(t *testing.T) {
			publisher, watcher := newBuses(t)
			s := &store{logs: make(map[string][]uint64)}
			for range 10 { // Before there are watchers; some of these events can't be sent.
				s.append(publisher, "a")
			}
			a, again, other := watch(t, s, watcher, "a"), watch(t, s, watcher, "a"), watch(t, s, watcher, "b")
			for range 1000 {
				s.append(publisher, "a")
				if last := s.append(publisher, "b"); last%50 == 0 {
					other.reaches(last)
				}
			}
			a.reaches(1010)
			again.reaches(1010)
			other.reaches(1000)
			for a.noticed == 0 { // Until one arrives by the bus rather than from the store.
				a.reaches(s.append(publisher, "a"))
			}
			unsure := s.keep("a")
			publisher.Publish(t.Context(), "a", 0, 0)
			a.reaches(unsure)
		})
	}
}
