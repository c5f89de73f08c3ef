package game

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
)

// ids generates the ids of games and bets: UUIDs of version 7 (RFC 9562) by the service's clock, strictly increasing, because lists
// are ordered by them. uuid.NewV7 would read the system clock.
type ids struct {
	clock clockwork.Clock

	mu   sync.Mutex
	last int64 // Milliseconds since 1970, shifted left by fractionBits, plus the fraction of a millisecond.
}

const (
	fractionBits = 12
	version7     = 7 << fractionBits
)

func (i *ids) next() uuid.UUID {
	id := uuid.New() // Supplies the random bits and the variant.
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.clock.Now()
	fraction := now.Sub(now.Truncate(time.Millisecond)) << fractionBits / time.Millisecond
	i.last = max(i.last+1, now.UnixMilli()<<fractionBits|int64(fraction))
	binary.BigEndian.PutUint64(id[:], uint64(i.last>>fractionBits<<16|version7|i.last&(1<<fractionBits-1)))
	return id
}
