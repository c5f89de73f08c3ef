package consensus

import (
	"context"
	"time"

	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// A caller may have learned from one validator what the next one that it asks does not know yet. So what is not known is
// waited for, as long as this validator could be only a little behind.

const (
	// patience is how long.
	lagTimeout = time.Second
	// maxLag is how many blocks behind the others a validator may be and still be waited for.
	maxLag = 32
)

// awaitKnown asks known again behind every decision, until it says yes or patience ends. watch must have been opened before.
func (s *server) awaitKnown(ctx context.Context, watch *events.Subscription[chain.Decision], known func() (bool, error)) (bool, error) {
	timeout := time.NewTimer(lagTimeout)
	defer timeout.Stop()
	for {
		if ok, err := known(); ok || err != nil {
			return ok, err
		}
		select {
		case <-watch.C:
		case <-timeout.C:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		case <-s.stop:
			return false, nil
		}
	}
}
