package chain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
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
	return past{kept: n.store, blocks: n.comet.BlockStore(), sets: n.sets}
}

// keep looks at a block that was just made final, and keeps it and the one before where the validators changed between
// them, and the first sharing of the beacon's secret.
func (p past) keep(height int64) error {
	now, before := p.blocks.LoadBlockMeta(height), p.blocks.LoadBlockMeta(height-1)
	if now == nil || before == nil { // The first block, or the first that was fetched behind a snapshot.
		return nil
	}
	if string(now.Header.ValidatorsHash) != string(before.Header.ValidatorsHash) {
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

// lineage leads from genesis to a block, by way of the sharing where there is one. It is nil where genesis is enough.
func (p past) lineage(genesis receipt.Light, target receipt.Block) (*receiptv1.Lineage, error) {
	kept, err := p.kept.hops(target.GetHeader().GetHeight())
	if err != nil {
		return nil, err
	}
	sharing, err := p.kept.sharing()
	if err != nil {
		return nil, err
	}
	light, out := genesis, &receiptv1.Lineage{}
	if block := sharing.GetBlock(); block != nil && block.GetHeader().GetHeight() < target.GetHeader().GetHeight() {
		out.Sharing = sharing
		if light, err = follow(light, kept, block, out); err != nil {
			return nil, err
		}
	}
	if _, err = follow(light, kept, target, out); err != nil {
		return nil, err
	}
	if len(out.GetHops()) == 0 && out.Sharing == nil {
		return nil, nil
	}
	return out, nil
}

// errTooFar means that a block is further from genesis than receipts reach.
var errTooFar = errors.New("chain: too many changes of the validators since genesis")

// follow takes as few hops as lead to a block: it skips as far as a light client can.
func follow(light receipt.Light, kept []*receiptv1.LightBlock, to receipt.Block, out *receiptv1.Lineage) (receipt.Light, error) {
	for {
		next, err := light.Follow(to)
		if err == nil {
			return next, nil
		}
		hop, at := furthest(light, kept, to.GetHeader().GetHeight())
		if hop == nil {
			return light, fmt.Errorf("%w: none that leads from %s to block %d: %w", ErrNoBlock, light, to.GetHeader().GetHeight(), err)
		}
		if out.Hops, light = append(out.Hops, hop), at; len(out.GetHops()) > receipt.MaxHops {
			return light, errTooFar
		}
	}
}

// furthest is the last block below a height that a light client can follow to; nil where there is none.
func furthest(light receipt.Light, kept []*receiptv1.LightBlock, below int64) (*receiptv1.LightBlock, receipt.Light) {
	for _, hop := range slices.Backward(kept) {
		height := hop.GetHeader().GetHeight()
		if height <= light.Height() || height >= below {
			continue
		}
		if at, err := light.Follow(hop); err == nil {
			return hop, at
		}
	}
	return nil, light
}
