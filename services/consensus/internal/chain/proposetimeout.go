package chain

import (
	"bytes"
	"slices"
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// unreachableTimeout is how long to wait for a proposal if its proposer is not connected: another validator may still be connected to it
// and relay the proposal.
const unreachableTimeout = 5 * time.Millisecond

// setProposeTimeout sets how long to wait for the first proposal of the next block, so that a dead validator delays its blocks by a few
// milliseconds and not by the time that a slow one needs. It is called where CometBFT commits a block, in the only goroutine that reads
// the timeout. Validators may disagree about it: one that waits too briefly votes nil, and the next proposer gets its turn.
func (n *Node) setProposeTimeout() error {
	if n.comet == nil { // CometBFT is replaying stored blocks, and proposes none.
		return nil
	}
	last, err := n.states.Load() // The state after the previous block; its next validators are those of the next block.
	if err != nil {
		return err
	}
	n.consensus.TimeoutPropose = n.proposeTimeout
	if !last.IsEmpty() && !n.isReachable(last.NextValidators.GetProposer().Address) {
		n.consensus.TimeoutPropose = min(unreachableTimeout, n.proposeTimeout)
	}
	return nil
}

// isReachable reports whether the validator with the address is connected, or is this one. It may be one that is just being added.
func (n *Node) isReachable(address []byte) bool {
	members := slices.Concat(n.app.votingMembers(), n.app.Group().Members)
	i := slices.IndexFunc(members, func(m order.Member) bool { a := m.Address(); return bytes.Equal(a[:], address) })
	return i >= 0 && (bytes.Equal(address, n.app.address[:]) || n.comet.Switch().Peers().Has(peerID(members[i])))
}
