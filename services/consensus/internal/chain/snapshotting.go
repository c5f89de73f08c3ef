package chain

import (
	"bytes"
	"errors"
	"os"

	"github.com/cometbft/cometbft/types"
)

// keepSnapshots makes a snapshot wherever one is due, beside everything else.
func (n *Node) keepSnapshots() {
	for {
		select {
		case <-n.due:
		case <-n.stop:
			return
		}
		if n.snapshotBlocks == 0 {
			continue
		}
		if err := n.makeSnapshot(snapshotHeight(n.collected.Load(), n.snapshotBlocks)); err != nil {
			n.logger.Warn("no snapshot", "error", err)
		}
	}
}

// snapshotHeight is where the latest snapshot of a chain is; 0 where there is none yet. All validators make theirs at the
// same heights, so that one can be fetched from several. The first block has one too: a short chain can be joined as well.
// A snapshot goes out with two blocks behind it, and the commit of the last one is in a third.
func snapshotHeight(height, every int64) int64 {
	if height < 4 {
		return 0
	}
	return max(1, (height-3)/every*every)
}

// makeSnapshot makes the snapshot of a height, unless it is there, or this validator has not or no longer the blocks.
func (n *Node) makeSnapshot(height int64) error {
	if height == 0 || height < n.comet.BlockStore().Base() {
		return nil
	}
	if _, err := os.Stat(n.app.snapshots.path(height)); err == nil {
		return nil
	}
	var last []*types.LightBlock
	for h := height; h < height+3; h++ {
		r, err := n.readRecord(h)
		if errors.Is(err, ErrNoBlock) {
			return nil
		}
		if err != nil {
			return err
		}
		last = append(last, r.lightBlock())
	}
	blocks, err := n.pivots(height)
	if err != nil {
		return err
	}
	return n.app.snapshots.make(height, append(blocks, last...))
}

// pivots are blocks below a height that lead from each set of validators to the next.
func (n *Node) pivots(below int64) (blocks []*types.LightBlock, err error) {
	set := trustGenesis(n.home.genesis).set.Hash()
	err = n.store.between([]byte("p"), recordKey(below), func(key, value []byte) error {
		r, err := decodeRecord(value)
		if err != nil || bytes.Equal(r.header.ValidatorsHash, set) {
			return err
		}
		if r, err = n.store.record(r.header.Height); err != nil {
			return err
		}
		set, blocks = r.header.ValidatorsHash, append(blocks, r.lightBlock())
		return nil
	})
	return blocks, err
}

// lightBlock is what is shown of a block to who can't read it. Of a set that was read from a record, nobody knows whose turn
// it was; the form wants somebody.
func (r *record) lightBlock() *types.LightBlock {
	r.validators.GetProposer()
	return &types.LightBlock{SignedHeader: &types.SignedHeader{Header: &r.header, Commit: r.commit}, ValidatorSet: r.validators}
}
