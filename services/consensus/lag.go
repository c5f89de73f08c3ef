package consensus

import (
	"context"
	"time"

	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// A caller may ask this validator for something that it has learned from another one, and that this one does not know yet. So a request
// for something unknown waits for lagTimeout, in case this validator only lags a little.

const (
	// lagTimeout is how long to wait.
	lagTimeout = time.Second
	// maxLag is how many blocks beyond its own a validator still waits for.
	maxLag = 32
)

// awaitKnown calls known after every decision, until it returns true or lagTimeout is over. watch must have been opened before.
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
