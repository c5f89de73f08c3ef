package chain

import (
	"bytes"
	"slices"
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// absentTimeout is how long a proposal is waited for where its proposer is not connected: another validator may still be, and pass
// it on.
const unreachableTimeout = 5 * time.Millisecond

// pace sets how long the next block's first proposal is waited for, so that a validator that is dead costs its blocks a few
// milliseconds and not the time that a slow one needs. It runs where CometBFT commits a block, the only goroutine that reads what it
// sets. Validators may disagree: whoever waits too little votes for no block, and the next proposer gets its turn.
func (n *Node) setProposeTimeout() error {
	if n.comet == nil { // It replays what it has stored, and proposes nothing.
		return nil
	}
	last, err := n.states.Load() // That behind the block before; its next validators are those of the block behind this one.
	if err != nil {
		return err
	}
	n.consensus.TimeoutPropose = n.proposeTimeout
	if !last.IsEmpty() && !n.isReachable(last.NextValidators.GetProposer().Address) {
		n.consensus.TimeoutPropose = min(unreachableTimeout, n.proposeTimeout)
	}
	return nil
}

// reaches reports whether the validator with the address is connected, or this one. It may be one that joins just now.
func (n *Node) isReachable(address []byte) bool {
	members := slices.Concat(n.app.votingMembers(), n.app.Group().Members)
	i := slices.IndexFunc(members, func(m order.Member) bool { a := m.Address(); return bytes.Equal(a[:], address) })
	return i >= 0 && (bytes.Equal(address, n.app.address[:]) || n.comet.Switch().Peers().Has(peerID(members[i])))
}
