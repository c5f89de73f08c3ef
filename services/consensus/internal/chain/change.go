package chain

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Group returns the validators and their key behind the last block. Nobody changes it.
func (n *Node) Group() *order.Group { return n.app.Group() }

// changeEvery is how often a change is looked for.
const changePollInterval = 10 * time.Millisecond

// Change has the operator's signed change ordered, and returns a height behind which it is. The error is one of order's
// where it will not be, and the context's where that is not known.
func (n *Node) Change(ctx context.Context, tx []byte) (height int64, err error) {
	tick := time.NewTicker(changePollInterval)
	defer tick.Stop()
	var told time.Time
	for {
		height, group := n.Height(), n.Group()
		if group.LastChange == sha256.Sum256(tx) {
			return height, nil
		}
		if err := group.CheckChangeTx(tx); err != nil {
			return 0, err
		}
		if now := n.app.now(); now.Sub(told) >= rebroadcastAfter {
			told = now
			if err := n.Submit(tx); err != nil {
				return 0, err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
