package chain

import (
	"errors"
	"os"

	"github.com/cometbft/cometbft/types"

	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// runSnapshots makes a snapshot whenever one is due, in the background. One that fails is not retried: there will be another, and a retry
// after each block could write gigabytes to a disk that is already full.
func (n *Node) runSnapshots() {
	tried := int64(0)
	for {
		select {
		case <-n.snapshotDue:
		case <-n.stop:
			return
		}
		if n.snapshotBlocks == 0 {
			continue
		}
		height := snapshotHeight(n.collected.Load(), n.snapshotBlocks)
		if height == tried {
			continue
		}
		tried = height
		if err := n.makeSnapshot(height); err != nil {
			n.logger.Warn("a snapshot can't be made", "height", height, "error", err)
		}
	}
}

// snapshotHeight returns the height of the latest snapshot of a chain; 0 if there is none yet. All validators make theirs at the same
// heights, so that one can be fetched from several. There is one of the first block, so that a short chain can be joined as well. A
// snapshot comes with the two blocks after it, and the commit of the last of these is in a third.
func snapshotHeight(height, every int64) int64 {
	if height < 4 {
		return 0
	}
	return max(1, (height-3)/every*every)
}

// makeSnapshot makes the snapshot of a height, unless it exists or this validator does not have the blocks.
func (n *Node) makeSnapshot(height int64) error {
	if height == 0 || height < n.comet.BlockStore().Base() {
		return nil
	}
	if _, err := os.Stat(n.app.snapshots.path(height)); err == nil {
		return nil
	}
	var blocks []*types.LightBlock
	for h := height; h < height+3; h++ {
		block, err := n.lightBlock(h)
		if errors.Is(err, ErrNoBlock) {
			return nil
		}
		if err != nil {
			return err
		}
		blocks = append(blocks, block)
	}
	light, err := genesisLightClient(n.home.genesis)
	if err != nil {
		return err
	}
	lineage := &receiptv1.Lineage{}
	if _, err := n.history().follow(light, toLightBlock(blocks[0]), lineage); err != nil {
		return err
	}
	if err := n.app.snapshots.make(height, lineage.GetHops(), blocks); !errors.Is(err, errNotDue) {
		return err
	}
	return nil
}

// lightBlock returns the light block of a height in the form that CometBFT's state sync needs, with proposer priorities.
func (n *Node) lightBlock(height int64) (*types.LightBlock, error) {
	r, err := n.history().record(height)
	if err != nil {
		return nil, err
	}
	validators, err := n.states.LoadValidators(height)
	return &types.LightBlock{SignedHeader: &types.SignedHeader{Header: &r.header, Commit: r.commit}, ValidatorSet: validators}, err
}
