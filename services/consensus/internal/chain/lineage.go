package chain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// Lineage returns the lineage that leads a light client from genesis to a proven block; nil if genesis is enough.
func (n *Node) Lineage(block *receiptv1.BlockProof) (*receiptv1.Lineage, error) {
	genesis, err := genesisLightClient(n.home.genesis)
	if err != nil {
		return nil, err
	}
	return n.history().lineage(genesis, block)
}

// genesisLightClient returns a light client that trusts the validators of the genesis file.
func genesisLightClient(genesis *types.GenesisDoc) (receipt.LightClient, error) {
	validators := make([]*receiptv1.Validator, len(genesis.Validators))
	for i, v := range genesis.Validators {
		validators[i] = &receiptv1.Validator{PublicKey: hex.EncodeToString(v.PubKey.Bytes()), Power: v.Power}
	}
	return receipt.NewLightClient(genesis.ChainID, validators)
}

// lineage leads from genesis to a block, by way of the first sharing if there is one before it. It is nil if genesis is enough.
func (h blockHistory) lineage(genesis receipt.LightClient, target receipt.Block) (*receiptv1.Lineage, error) {
	sharing, err := h.store.firstSharing()
	if err != nil {
		return nil, err
	}
	light, out := genesis, &receiptv1.Lineage{}
	if block := sharing.GetBlock(); block != nil && block.GetHeader().GetHeight() < target.GetHeader().GetHeight() {
		out.Sharing = sharing
		if light, err = h.follow(light, block, out); err != nil {
			return nil, err
		}
	}
	if _, err = h.follow(light, target, out); err != nil {
		return nil, err
	}
	if len(out.GetHops()) == 0 && out.Sharing == nil {
		return nil, nil
	}
	return out, nil
}

// errTooFar means that a block is more hops from genesis than receipts may have.
var errTooFar = errors.New("chain: too many changes of the validators since genesis")

// follow leads a light client to a block, by skipping verification: with as few hops as possible. It appends the hops to out.
func (h blockHistory) follow(light receipt.LightClient, to receipt.Block, out *receiptv1.Lineage) (receipt.LightClient, error) {
	for {
		next, err := light.Follow(to)
		if err == nil {
			return next, nil
		}
		between, failed := h.store.hops(light.Height()+1, to.GetHeader().GetHeight())
		if failed != nil {
			return light, failed
		}
		hop, at := furthest(light, between)
		if hop == nil {
			return light, fmt.Errorf("%w: no hop leads from %s to block %d: %w", ErrNoBlock, light, to.GetHeader().GetHeight(), err)
		}
		if out.Hops, light = append(out.Hops, hop), at; len(out.GetHops()) > receipt.MaxHops {
			return light, errTooFar
		}
	}
}

// furthest returns the last of the blocks that a light client can verify from where it is; nil if there is none.
func furthest(light receipt.LightClient, blocks []*receiptv1.LightBlock) (*receiptv1.LightBlock, receipt.LightClient) {
	for _, hop := range slices.Backward(blocks) {
		if at, err := light.Follow(hop); err == nil {
			return hop, at
		}
	}
	return nil, light
}
