package ratelimit

import (
	"context"
	"hash/maphash"
	"sync"

	"github.com/jonboulle/clockwork"
)

const (
	// shards is how many locks the keys share.
	shards = 64
	// looks is how many keys are looked at to make room for a new one.
	looks = 16
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
	full map[string]int64
}

// NewMemory returns a Limiter that remembers at most so many keys, give or take those that share a lock. Where one more
// comes, one of those that have used least is forgotten.
func NewMemory(clock clockwork.Clock, keys int) *Memory {
	m := &Memory{clock: clock, seed: maphash.MakeSeed(), perShard: max(1, keys/shards)}
	for i := range m.shards {
		m.shards[i].full = make(map[string]int64)
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
	full, known := s.full[key]
	next, wait := limit.take(full, now, n)
	if next > now {
		if !known {
			s.makeRoom(now, m.perShard)
		}
		s.full[key] = next
	}
	return limit.result(next-now, wait), nil
}

// makeRoom looks at some keys, wherever the map begins. Those that have their whole burst again are forgotten, which
// changes nothing; where none has and there are too many, the one goes that is nearest to it.
func (s *shard) makeRoom(now int64, most int) {
	looked, nearest, soonest := 0, "", int64(0)
	for key, full := range s.full {
		if looked++; looked > looks {
			break
		}
		if full <= now {
			delete(s.full, key)
		} else if nearest == "" || full < soonest {
			nearest, soonest = key, full
		}
	}
	if len(s.full) >= most {
		delete(s.full, nearest)
	}
}
