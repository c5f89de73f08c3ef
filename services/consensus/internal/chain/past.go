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

// past is what a validator shows of earlier blocks. CometBFT's stores hold them until they are pruned; what lineages are
// made of is kept beside them for good, since a receipt needs it however old the chain is.
type past struct {
	kept   *store
	blocks state.BlockStore
	sets   validatorSets
}

// validatorSets are CometBFT's. Its ordinary way to load one also computes who would propose, which takes the longer the
// longer a set stays the same.
type validatorSets interface {
	LoadValidatorsFast(height int64) (*types.ValidatorSet, error)
}

func (n *Node) past() past {
	// So is the store of the release that go.mod names.
	return past{kept: n.store, blocks: n.comet.BlockStore(), sets: n.states.(validatorSets)}
}

// keep looks at a block that was just made final, and keeps it and the one before where the validators changed between
// them, and the first sharing of the beacon's secret.
func (p past) keep(height int64) error {
	now, before := p.blocks.LoadBlockMeta(height), p.blocks.LoadBlockMeta(height-1)
	if now == nil {
		return fmt.Errorf("%w: block %d", ErrNoBlock, height)
	}
	// The first block has none before it, and so has the first that was fetched behind a snapshot.
	if before != nil && !bytes.Equal(now.Header.ValidatorsHash, before.Header.ValidatorsHash) {
		for _, changed := range []int64{height - 1, height} {
			if err := p.keepHop(changed); err != nil {
				return err
			}
		}
	}
	if now.NumTxs == 0 {
		return nil
	}
	return p.keepSharing(height)
}

func (p past) keepHop(height int64) error {
	meta := p.blocks.LoadBlockMeta(height)
	commit, validators, err := p.commit(height)
	if err != nil {
		return err
	}
	return p.kept.setHop(&receiptv1.LightBlock{Header: headerToProto(meta.Header),
		Commit: commitToProto(meta.Header.ChainID, commit, validators), Validators: validatorsToProto(validators)})
}

// keepSharing keeps the first sharing of the chain. Later ones are of the same key.
func (p past) keepSharing(height int64) error {
	if sharing, err := p.kept.sharing(); err != nil || sharing != nil {
		return err
	}
	block := p.blocks.LoadBlock(height)
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
	proof, err := p.prove(height, block.Txs[index])
	if err != nil {
		return err
	}
	return p.kept.setSharing(&receiptv1.SharingProof{Transaction: hex.EncodeToString(block.Txs[index]), Block: proof})
}
