package ratelimit

import (
	"fmt"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"pgregory.net/rapid"
)

// bucket is a simple but slow model: a token bucket that is filled microsecond by microsecond.
type bucket struct{ tokens, drops, interval, burst int64 }

func (b *bucket) tick() {
	if b.tokens == b.burst {
		return
	}
	if b.drops++; b.drops == b.interval {
		b.tokens, b.drops = b.tokens+1, 0
	}
}

func (b *bucket) take(n int64) bool {
	if b.tokens < n {
		return false
	}
	b.tokens -= n
	return true
}

// TestBucketModel compares the algorithm with a token bucket, call by call, for several keys.
func TestBucketModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := Limit{Rate: rapid.IntRange(1, 1000).Draw(t, "rate"), Burst: rapid.IntRange(1, 20).Draw(t, "burst"),
			Period: time.Duration(rapid.IntRange(10, 50).Draw(t, "period")) * time.Millisecond}
		clock := clockwork.NewFakeClockAt(time.UnixMicro(1_764_000_000_000_000))
		memory, buckets := NewMemory(clock, 1000), make([]*bucket, 3)
		for i := range buckets {
			buckets[i] = &bucket{tokens: int64(limit.Burst), interval: limit.interval(), burst: int64(limit.Burst)}
		}
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			i, n := rapid.IntRange(0, 2).Draw(t, "key"), rapid.IntRange(0, limit.Burst).Draw(t, "n")
			for range rapid.IntRange(0, 3000).Draw(t, "elapsed") {
				clock.Advance(time.Microsecond)
				for _, b := range buckets {
					b.tick()
				}
			}
			got, err := memory.Allow(t.Context(), fmt.Sprint(i), limit, n)
			if err != nil {
				t.Fatal(err)
			}
			if want := buckets[i].take(int64(n)); got.Allowed != want || int64(got.Remaining) != buckets[i].tokens {
				t.Fatalf("%d of key %d at %+v: %+v, the bucket returns %v and has %d", n, i, limit, got, want, buckets[i].tokens)
			}
			left := *buckets[i]
			for range got.RetryAfter.Microseconds() {
				if left.tokens >= int64(n) {
					t.Fatalf("it is told to wait longer than it must: %+v", got)
				}
				left.tick()
			}
			if !got.Allowed && !left.take(int64(n)) {
				t.Fatalf("it is told to wait too short: %+v", got)
			}
		}
	})
}

// TestMemoryIsBounded uses more keys than are remembered, and checks that old ones expire.
func TestMemoryIsBounded(t *testing.T) {
	clock := clockwork.NewFakeClock()
	memory, limit := NewMemory(clock, 6400), Limit{Rate: 1, Period: time.Minute, Burst: 10}
	for i := range 50_000 {
		allow(t, memory, fmt.Sprint("one call of ", i), limit, 1)
		if r := allow(t, memory, "busy", limit, 0); i > 10 && r.Remaining > 0 {
			t.Fatalf("after %d strangers it is forgotten how much the busy one used: %+v", i, r)
		}
		allow(t, memory, "busy", limit, min(1, allow(t, memory, "busy", limit, 0).Remaining))
	}
	if n := memory.len(); n > 6400 {
		t.Errorf("%d keys are remembered", n)
	}
	clock.Advance(time.Hour)
	for i := range 6400 {
		allow(t, memory, fmt.Sprint("new ", i), limit, 1)
	}
	if _, old := memory.shards[0].tats["one call of 49999"]; old || memory.len() > 6400 {
		t.Errorf("%d keys are remembered, old ones too: %v", memory.len(), old)
	}
}
