package chain

import (
	"fmt"
	"slices"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// collect recovers the beacon of every height that a round awaits, as blocks are committed. CometBFT stores a block's precommits with
// their extensions before the application commits it, whether the block comes from consensus, from the log after a crash or from block
// sync; so this covers all three. It does not skip a height whose beacon it can't recover, which would then be missing forever.
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
		committed, retry := n.app.committed, (<-chan time.Time)(nil)
		next = max(next, n.blocks.Base()) // Beacons up to a restored snapshot are part of it, and were verified.
		for tip := n.app.tip().Height; next <= tip && retry == nil; {
			if err := n.collectAt(next); err != nil {
				n.reportMissing(next, err)
				committed, retry = nil, time.After(progressInterval)
				continue
			}
			n.missing.Store(nil)
			n.collected.Store(next)
			next++
		}
		select {
		case n.snapshotDue <- struct{}{}:
		default: // The last signal is still pending.
		}
		select {
		case <-committed:
		case <-n.precommits.arrived:
		case <-retry:
		case <-n.stop:
			return
		}
	}
}

// reportMissing records why a beacon can't be recovered, and logs it once.
func (n *Node) reportMissing(height int64, err error) {
	err = fmt.Errorf("%w: height %d: %w", ErrNoBeacon, height, err)
	if n.missing.Swap(&err) == nil {
		n.logger.Error("rounds wait for a beacon that can't be recovered", "height", height, "error", err)
	}
}

// collectAt stores what receipts need of the block before, recovers the beacon of a height if one is awaited, and publishes the
// decisions that it completes.
func (n *Node) collectAt(height int64) error {
	if err := n.history().storeLineage(height - 1); err != nil {
		return err
	}
	ordered, err := n.store.orderedAt(height - 1)
	if err != nil || len(ordered) == 0 {
		return err
	}
	if known, err := n.store.beacon(height); err != nil || known != nil { // It was part of a snapshot.
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

// recoverBeacon recovers the group's signature from the stored precommits for a block, or from those that peers have sent.
func (n *Node) recoverBeacon(height int64) (signature []byte, err error) {
	s := n.app.sharingAt(height)
	if s == nil { // It is older than the newest two.
		if s, err = n.store.sharingAt(height); err != nil {
			return nil, err
		}
	}
	err = fmt.Errorf("the block store has no precommits of block %d", height)
	commits := n.precommits.commitsAt(height)
	if own := n.blocks.LoadBlockExtendedCommit(height); own != nil {
		commits = slices.Insert(commits, 0, own)
	}
	for _, commit := range commits {
		if signature, err = n.combine(s, height, commit); err == nil {
			return signature, nil
		}
	}
	return nil, err
}

// combine recovers the group's signature from the shares in precommits.
func (n *Node) combine(s *sharing, height int64, commit *types.ExtendedCommit) ([]byte, error) {
	signatures := make(map[int][]byte, len(commit.ExtendedSignatures))
	for _, vote := range commit.ExtendedSignatures {
		if index, ok := s.index(vote.ValidatorAddress); ok && len(vote.Extension) == beacon.SignatureSize {
			signatures[index] = vote.Extension
		}
	}
	signature, err := s.public.Recover(height, signatures)
	if err != nil {
		return nil, err
	}
	for _, vote := range commit.ExtendedSignatures {
		if index, ok := s.index(vote.ValidatorAddress); ok && signatures[index] != nil {
			n.evidence.countShare(vote.ValidatorAddress)
		}
	}
	return signature, nil
}
