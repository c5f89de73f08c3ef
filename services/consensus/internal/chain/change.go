package chain

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Group returns the validators and their key after the last block. It must not be modified.
func (n *Node) Group() *order.Group { return n.app.Group() }

// changePollInterval is how often Change checks whether the change is ordered.
const changePollInterval = 10 * time.Millisecond

// Change has the operator's signed change ordered, and returns a height at which it is. The error is one of package order if the change
// is refused, and the context's if the outcome is unknown.
func (n *Node) Change(ctx context.Context, tx []byte) (height int64, err error) {
	tick := time.NewTicker(changePollInterval)
	defer tick.Stop()
	var sentAt time.Time
	for {
		height, group := n.Height(), n.Group()
		if group.LastChange == sha256.Sum256(tx) {
			return height, nil
		}
		if err := group.CheckChangeTx(tx); err != nil {
			return 0, err
		}
		if now := n.app.now(); now.Sub(sentAt) >= rebroadcastAfter {
			sentAt = now
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
