package chain

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// blockHistory reads earlier blocks. CometBFT's stores hold them until they are pruned; the light blocks of lineages are stored
// separately and permanently, since a receipt needs them however old the chain is.
type blockHistory struct {
	store  *store
	blocks state.BlockStore
	sets   validatorSets
}

// validatorSets is CometBFT's state store. Its LoadValidators also computes the proposer priorities, which takes longer the longer a set
// has not changed.
type validatorSets interface {
	LoadValidatorsFast(height int64) (*types.ValidatorSet, error)
}

func (n *Node) history() blockHistory {
	// The state store of the release in go.mod implements it.
	return blockHistory{store: n.store, blocks: n.blocks, sets: n.states.(validatorSets)}
}

// commit returns the commit of a block, and the validators that could vote on it.
func (h blockHistory) commit(height int64) (*types.Commit, *types.ValidatorSet, error) {
	commit := h.blocks.LoadBlockCommit(height)
	if commit == nil { // No next block contains its commit yet.
		commit = h.blocks.LoadSeenCommit(height)
	}
	if commit == nil {
		return nil, nil, fmt.Errorf("%w: votes for block %d", ErrNoBlock, height)
	}
	validators, err := h.sets.LoadValidatorsFast(height)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: validators of block %d: %w", ErrNoBlock, height, err)
	}
	return commit, validators, nil
}

// record makes the record of a block that CometBFT still has.
func (h blockHistory) record(height int64) (*blockRecord, error) {
	block := h.blocks.LoadBlock(height)
	if block == nil {
		return nil, fmt.Errorf("%w: block %d", ErrNoBlock, height)
	}
	commit, validators, err := h.commit(height)
	if err != nil {
		return nil, err
	}
	r := &blockRecord{header: block.Header, commit: commit, validators: validators}
	for _, tx := range block.Txs {
		r.txs = append(r.txs, tx.Hash())
	}
	return r, nil
}

// storeLineage stores what lineages need of a block that already has a successor: the block and the one before it if the validators
// changed between them, and the first sharing of the beacon's secret. It stores the commit that the next block contains, so that all
// validators store the same and make identical snapshots; each has seen different votes for the latest block. Blocks before a restored
// snapshot are missing; the snapshot contains what is stored of them.
func (h blockHistory) storeLineage(height int64) error {
	now, before := h.blocks.LoadBlockMeta(height), h.blocks.LoadBlockMeta(height-1)
	if now == nil {
		return nil
	}
	// The first block has no predecessor, and neither has the first block after a restored snapshot.
	if before != nil && !bytes.Equal(now.Header.ValidatorsHash, before.Header.ValidatorsHash) {
		for _, changed := range []int64{height - 1, height} {
			if err := h.storeHop(changed); err != nil {
				return err
			}
		}
	}
	if now.NumTxs == 0 {
		return nil
	}
	return h.storeFirstSharing(height)
}

func (h blockHistory) storeHop(height int64) error {
	meta := h.blocks.LoadBlockMeta(height)
	commit, validators, err := h.commit(height)
	if err != nil {
		return err
	}
	return h.store.setHop((&blockRecord{header: meta.Header, commit: commit, validators: validators}).lightBlock())
}

// storeFirstSharing stores the first sharing of the chain. Later ones are of the same key.
func (h blockHistory) storeFirstSharing(height int64) error {
	if sharing, err := h.store.firstSharing(); err != nil || sharing != nil {
		return err
	}
	block := h.blocks.LoadBlock(height)
	if block == nil {
		return nil
	}
	index := slices.IndexFunc(block.Txs, func(tx types.Tx) bool {
		_, err := protocol.DecodeSharing(tx)
		return err == nil
	})
	if index < 0 {
		return nil
	}
	r, err := h.record(height)
	if err != nil {
		return err
	}
	proof, err := r.prove(protocol.Hash(block.Txs[index].Hash()))
	if err != nil {
		return err
	}
	return h.store.setFirstSharing(&receiptv1.SharingProof{Transaction: hex.EncodeToString(block.Txs[index]), Block: proof})
}
