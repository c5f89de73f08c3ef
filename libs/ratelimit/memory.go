package ratelimit

import (
	"context"
	"hash/maphash"
	"sync"

	"github.com/jonboulle/clockwork"
)

const (
	// shards is the number of locks that the keys are spread over.
	shards = 64
	// evictionSample is how many keys are examined to make room for a new one.
	evictionSample = 16
)

// Memory is a Limiter within this process.
type Memory struct {
	clock    clockwork.Clock
	seed     maphash.Seed
	perShard int
	shards   [shards]shard
}

type shard struct {
	mu   sync.Mutex
	tats map[string]int64 // The theoretical arrival time of each key.
}

// NewMemory returns a Limiter that remembers at most about so many keys; the bound applies to each shard. For one more, a key is evicted
// that has used little of its burst.
func NewMemory(clock clockwork.Clock, keys int) *Memory {
	m := &Memory{clock: clock, seed: maphash.MakeSeed(), perShard: max(1, keys/shards)}
	for i := range m.shards {
		m.shards[i].tats = make(map[string]int64)
	}
	return m
}

// Allow implements Limiter.
func (m *Memory) Allow(_ context.Context, key string, limit Limit, n int) (Result, error) {
	if err := limit.check(n); err != nil {
		return Result{}, err
	}
	s := &m.shards[maphash.String(m.seed, key)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	now := m.clock.Now().UnixMicro()
	tat, known := s.tats[key]
	next, wait := limit.take(tat, now, n)
	if next > now {
		if !known {
			s.evict(now, m.perShard)
		}
		s.tats[key] = next
	}
	return limit.result(next-now, wait), nil
}

// evict examines a random sample of keys. It deletes those that have their whole burst again, which changes no decision; if there are
// still too many keys, it deletes the one of the sample that is closest to having it again.
func (s *shard) evict(now int64, most int) {
	examined, nearest, soonest := 0, "", int64(0)
	for key, tat := range s.tats {
		if examined++; examined > evictionSample {
			break
		}
		if tat <= now {
			delete(s.tats, key)
		} else if nearest == "" || tat < soonest {
			nearest, soonest = key, tat
		}
	}
	if len(s.tats) >= most {
		delete(s.tats, nearest)
	}
}
