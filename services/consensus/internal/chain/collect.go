package chain

import (
	"fmt"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// collect recovers the beacon of every height that a round awaits, as blocks are committed. CometBFT stores a block's
// precommits with their extensions before the application commits it, whether the block came by consensus, from the
// log after a crash or from a peer while catching up; so this one way serves all of them.
func (n *Node) collect() {
	last, err := n.store.lastBeacon()
	if err != nil {
		n.logger.Error("beacons can't be collected", "error", err)
		return
	}
	n.collected.Store(last)
	next := last + 1
	for {
		for tip := n.app.tip().Height; next <= tip; next++ {
			if err := n.past().keep(next); err != nil {
				n.logger.Error("receipts from here on may lack what leads to genesis", "height", next, "error", err)
			}
			if err := n.collectAt(next); err != nil {
				n.logger.Error("no beacon", "height", next, "error", err)
			}
			n.collected.Store(next)
		}
		select {
		case n.snapshotDue <- struct{}{}:
		default: // The last one is still being written.
		}
		select {
		case <-n.app.committed:
		case <-n.stop:
			return
		}
	}
}

// collectAt recovers the beacon of a height, where one is awaited, and publishes the decisions that it completes.
func (n *Node) collectAt(height int64) error {
	ordered, err := n.store.orderedAt(height - 1)
	if err != nil || len(ordered) == 0 {
		return err
	}
	if known, err := n.store.beacon(height); err != nil || known != nil { // It came with a snapshot.
		return err
	}
	signature, err := n.recover(height)
	if err != nil {
		return err
	}
	proof, err := n.past().record(height - 1)
	if err != nil {
		return err
	}
	if err := n.store.setBeacon(height, signature, proof); err != nil {
		return err
	}
	for _, o := range ordered {
		decision := Decision{Ordered: o, BeaconHeight: height, Signature: signature}
		n.decisions.Publish(topic(order.RoundOf(o.Commitment)), decision)
		n.decisions.Publish(allDecisions, decision)
	}
	return nil
}

// recover makes the group's signature from the stored precommits of a block.
func (n *Node) recover(height int64) ([]byte, error) {
	commit := n.blocks.LoadBlockExtendedCommit(height)
	if commit == nil {
		return nil, fmt.Errorf("the block store has no precommits of block %d", height)
	}
	held := n.app.sharingAt(height)
	if held == nil { // It is older than the newest two.
		var err error
		if held, err = n.store.sharingAt(height); err != nil {
			return nil, err
		}
	}
	signatures := make(map[int][]byte, len(commit.ExtendedSignatures))
	for _, vote := range commit.ExtendedSignatures {
		if index, ok := held.index(vote.ValidatorAddress); ok && len(vote.Extension) == beacon.SignatureSize {
			signatures[index] = vote.Extension
			n.docket.share(vote.ValidatorAddress)
		}
	}
	return held.public.Recover(height, signatures)
}
