package ratelimit

import (
	"context"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

// replica is a process's limiter.
type replica struct {
	*Fallback
	client *redis.Client
	clock  *clockwork.FakeClock
}

func newReplica(t *testing.T, url string, timeout time.Duration) *replica {
	clock := clockwork.NewFakeClock()
	client := connect(t, url, timeout, clock)
	return &replica{Fallback: NewFallback(client, NewRedis(client), NewMemory(clock, 1000)), client: client, clock: clock}
}

// burst uses up what remains.
func (r *replica) burst(t *testing.T, key string, limit Limit) (n int) {
	t.Helper()
	for allow(t, r, key, limit, 1).Allowed {
		n++
	}
	return n
}

// recovers waits until the replica has noticed that the server is back.
func (r *replica) recovers(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !r.client.Up() {
		if err := r.clock.BlockUntilContext(ctx, 1); err != nil {
			t.Fatal("it never recovers")
		}
		r.clock.Advance(time.Second)
	}
}

// TestLimitsHoldWhileRedisIsDown kills and freezes the server of two replicas. Both continue, each with limits of its own, and share them
// again when the server is back.
func TestLimitsHoldWhileRedisIsDown(t *testing.T) {
	limit := Limit{Rate: 1, Period: 24 * time.Hour, Burst: 10}
	server := testserver.NewRedis(t)
	for _, fail := range []struct {
		name    string
		timeout time.Duration
		how     func()
	}{{"killed", patience, server.Kill}, {"frozen", time.Second, func() { server.Freeze(t) }}} {
		t.Run(fail.name, func(t *testing.T) {
			key, url := fail.name, server.URL()
			a, b := newReplica(t, url, fail.timeout), newReplica(t, url, fail.timeout)
			for range 6 {
				allow(t, a, key, limit, 1)
			}
			if n := b.burst(t, key, limit); n != 4 {
				t.Errorf("the other replica has %d of 10 left after 6", n)
			}
			fail.how()
			for _, r := range []*replica{a, b} {
				if n := r.burst(t, key, limit); n != 10 || r.client.Up() {
					t.Errorf("without redis a replica allows %d; degraded: %v", n, !r.client.Up())
				}
			}
			server.Kill()
			server.Restart(t)
			a.recovers(t)
			b.recovers(t)
			if n := a.burst(t, key, limit) + b.burst(t, key, limit); n != 10 {
				t.Errorf("after the restart they allow %d together", n)
			}
		})
	}
}

func TestCancelledCallIsNotAnOutage(t *testing.T) {
	r := newReplica(t, testserver.Redis(t), patience)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Allow(gone, "a", Limit{Rate: 1, Period: time.Hour, Burst: 1}, 1); err == nil || !r.client.Up() {
		t.Errorf("%v; degraded: %v", err, !r.client.Up())
	}
}
