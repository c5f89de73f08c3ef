package ratelimit

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"go.uber.org/goleak"

	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testserver.Suite{M: m}) }

// subject is a limiter under test.
type subject struct {
	Limiter
	// pass returns once its clock has advanced by at least so much.
	pass func(time.Duration)
}

// patience is a timeout that a busy machine does not exceed.
const patience = 10 * time.Second

// connect opens a client with the test's clock.
func connect(t testing.TB, url string, timeout time.Duration, clock clockwork.Clock) *redis.Client {
	t.Helper()
	client, err := redis.Open(t.Context(), redis.Config{URL: url, Timeout: timeout}, clock, telemetry.Discard().For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func onRedis(t testing.TB) subject {
	client := connect(t, testserver.Redis(t), patience, clockwork.NewFakeClock())
	now := func() time.Time {
		now, err := client.Time(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	return subject{Limiter: NewRedis(client), pass: func(d time.Duration) {
		for end := now().Add(d); now().Before(end); {
			continue // Each poll takes a while, and only the server's clock counts.
		}
	}}
}

func inMemory(testing.TB) subject {
	clock := clockwork.NewFakeClock()
	return subject{Limiter: NewMemory(clock, 1000), pass: clock.Advance}
}

// TestConformance checks that all limiters behave alike.
func TestConformance(t *testing.T) {
	hourly := Limit{Rate: 1, Period: time.Hour, Burst: 5}
	cases := map[string]func(*testing.T, subject){
		"a burst and no more": func(t *testing.T, s subject) {
			for left := 4; left >= 0; left-- {
				if r := allow(t, s, "a", hourly, 1); !r.Allowed || r.Remaining != left || r.RetryAfter != 0 || r.ResetAfter <= 0 {
					t.Errorf("%d should be left: %+v", left, r)
				}
			}
			r := allow(t, s, "a", hourly, 1)
			if r.Allowed || r.Remaining != 0 || r.RetryAfter <= 59*time.Minute || r.RetryAfter > time.Hour || r.ResetAfter <= 299*time.Minute {
				t.Errorf("the sixth: %+v", r)
			}
			if r := allow(t, s, "b", hourly, 1); !r.Allowed {
				t.Errorf("another key pays for it: %+v", r)
			}
		},
		"all or none": func(t *testing.T, s subject) {
			allow(t, s, "a", hourly, 3)
			if r := allow(t, s, "a", hourly, 3); r.Allowed || r.Remaining != 2 || r.RetryAfter <= 0 {
				t.Errorf("three of two: %+v", r)
			}
			if r := allow(t, s, "a", hourly, 0); !r.Allowed || r.Remaining != 2 {
				t.Errorf("looking costs: %+v", r)
			}
			if r := allow(t, s, "a", hourly, 2); !r.Allowed || r.Remaining != 0 {
				t.Errorf("two of two: %+v", r)
			}
		},
		"time brings it back": func(t *testing.T, s subject) {
			limit := Limit{Rate: 20, Period: time.Second, Burst: 3}
			for range 20 {
				r := allow(t, s, "a", limit, 1)
				for r.Allowed {
					r = allow(t, s, "a", limit, 1)
				}
				s.pass(r.RetryAfter)
				if r := allow(t, s, "a", limit, 1); !r.Allowed {
					t.Errorf("refused after the retry delay: %+v", r)
				}
			}
			s.pass(allow(t, s, "a", limit, 0).ResetAfter)
			if r := allow(t, s, "a", limit, 0); r.Remaining != 3 || r.ResetAfter != 0 {
				t.Errorf("after the reset: %+v", r)
			}
		},
		"a smaller limit forgives": func(t *testing.T, s subject) {
			allow(t, s, "a", Limit{Rate: 1, Period: time.Hour, Burst: 700}, 700)
			if r := allow(t, s, "a", hourly, 1); r.Allowed || r.RetryAfter > time.Hour {
				t.Errorf("it waits longer than its limit can ask for: %+v", r)
			}
		},
		"what can't be is an error": func(t *testing.T, s subject) {
			for _, bad := range []Limit{{}, {Rate: 1, Period: time.Second}, {Rate: 200_000, Period: time.Second, Burst: 1}, {Rate: 1, Period: time.Hour, Burst: 1000}} {
				if _, err := s.Allow(t.Context(), "a", bad, 0); err == nil {
					t.Errorf("%+v was taken", bad)
				}
			}
			for _, n := range []int{-1, 6} {
				if _, err := s.Allow(t.Context(), "a", hourly, n); err == nil {
					t.Errorf("%d of 5 was taken", n)
				}
			}
		},
		"many at once": func(t *testing.T, s subject) {
			var allowed atomic.Int64
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 50 {
						if r, err := s.Allow(context.Background(), "a", Limit{Rate: 1, Period: time.Hour, Burst: 100}, 1); err != nil {
							t.Error(err)
						} else if r.Allowed {
							allowed.Add(1)
						}
					}
				})
			}
			wg.Wait()
			if allowed.Load() != 100 {
				t.Errorf("%d of 100 were allowed", allowed.Load())
			}
		},
	}
	for name, newSubject := range map[string]func(testing.TB) subject{"memory": inMemory, "redis": onRedis} {
		for what, check := range cases {
			t.Run(name+"/"+what, func(t *testing.T) { check(t, newSubject(t)) })
		}
	}
}

func allow(t *testing.T, l Limiter, key string, limit Limit, n int) Result {
	t.Helper()
	result, err := l.Allow(t.Context(), key, limit, n)
	if err != nil {
		t.Fatal(err)
	}
	return result
}
