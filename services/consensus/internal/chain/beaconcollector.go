package chain

import (
	"fmt"
	"slices"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// collect recovers the beacon of every height that a round awaits, as blocks are committed. CometBFT stores a block's
// precommits with their extensions before the application commits it, whether the block came by consensus, from the
// log after a crash or from a peer while catching up; so this one way serves all of them. It goes past no height that it
// can't collect: a beacon that is missing would be missing for ever.
func (n *Node) collect() {
	last, err := n.store.lastBeacon()
	if err != nil {
		err = fmt.Errorf("beacons can't be collected: %w", err)
		n.missing.Store(&err)
		n.logger.Error(err.Error())
		return
	}
	n.collected.Store(last)
	next := last + 1
	for {
		committed, again := n.app.committed, (<-chan time.Time)(nil)
		next = max(next, n.blocks.Base()) // What is before a snapshot's block came with it, and was checked.
		for tip := n.app.tip().Height; next <= tip && again == nil; {
			if err := n.collectAt(next); err != nil {
				n.reportMissing(next, err)
				committed, again = nil, time.After(progressInterval)
				continue
			}
			n.missing.Store(nil)
			n.collected.Store(next)
			next++
		}
		select {
		case n.snapshotDue <- struct{}{}:
		default: // The last one is still being written.
		}
		select {
		case <-committed:
		case <-n.precommits.arrived:
		case <-again:
		case <-n.stop:
			return
		}
	}
}

// lack says once that a height can't be collected.
func (n *Node) reportMissing(height int64, err error) {
	err = fmt.Errorf("%w: height %d: %w", ErrNoBeacon, height, err)
	if n.missing.Swap(&err) == nil {
		n.logger.Error("rounds wait for a beacon that can't be made", "height", height, "error", err)
	}
}

// collectAt keeps what receipts need of the block before, recovers the beacon of a height, where one is awaited, and publishes the
// decisions that it completes.
func (n *Node) collectAt(height int64) error {
	if err := n.history().storeLineage(height - 1); err != nil {
		return err
	}
	ordered, err := n.store.orderedAt(height - 1)
	if err != nil || len(ordered) == 0 {
		return err
	}
	if known, err := n.store.beacon(height); err != nil || known != nil { // It came with a snapshot.
		return err
	}
	signature, err := n.recoverBeacon(height)
	if err != nil {
		n.requestPrecommits(height)
		return err
	}
	proof, err := n.history().record(height - 1)
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

// recover makes the group's signature from the stored precommits of a block, or from those that a peer lent.
func (n *Node) recoverBeacon(height int64) (signature []byte, err error) {
	held := n.app.sharingAt(height)
	if held == nil { // It is older than the newest two.
		if held, err = n.store.sharingAt(height); err != nil {
			return nil, err
		}
	}
	err = fmt.Errorf("the block store has no precommits of block %d", height)
	commits := n.precommits.commitsAt(height)
	if own := n.blocks.LoadBlockExtendedCommit(height); own != nil {
		commits = slices.Insert(commits, 0, own)
	}
	for _, commit := range commits {
		if signature, err = n.combine(held, height, commit); err == nil {
			return signature, nil
		}
	}
	return nil, err
}

// combine makes the group's signature from precommits.
func (n *Node) combine(held *sharing, height int64, commit *types.ExtendedCommit) ([]byte, error) {
	signatures := make(map[int][]byte, len(commit.ExtendedSignatures))
	for _, vote := range commit.ExtendedSignatures {
		if index, ok := held.index(vote.ValidatorAddress); ok && len(vote.Extension) == beacon.SignatureSize {
			signatures[index] = vote.Extension
		}
	}
	signature, err := held.public.Recover(height, signatures)
	if err != nil {
		return nil, err
	}
	for _, vote := range commit.ExtendedSignatures {
		if index, ok := held.index(vote.ValidatorAddress); ok && signatures[index] != nil {
			n.evidence.countShare(vote.ValidatorAddress)
		}
	}
	return signature, nil
}
