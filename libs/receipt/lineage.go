package receipt

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// MaxHops bounds the blocks between genesis and that of a receipt. Each hop can span at least two changes of one validator.
const MaxHops = 256

// namedBlock is a block with the name of the field that contains it.
type namedBlock struct {
	field string
	block Block
}

// lineage returns the blocks that a light client follows before the receipt's own, in the order of their heights.
func lineage(l *receiptv1.Lineage) ([]namedBlock, error) {
	if n := len(l.GetHops()); n > MaxHops {
		return nil, fmt.Errorf("lineage.hops: %d; at most %d are allowed", n, MaxHops)
	}
	if l != nil && len(l.GetHops()) == 0 && l.GetSharing() == nil {
		return nil, errors.New("lineage: is empty; it must be left out then")
	}
	var blocks []namedBlock
	for i, hop := range l.GetHops() {
		blocks = append(blocks, namedBlock{fmt.Sprintf("lineage.hops[%d]", i), hop})
	}
	if sharing := l.GetSharing(); sharing != nil {
		at := slices.IndexFunc(blocks, func(b namedBlock) bool {
			return b.block.GetHeader().GetHeight() > sharing.GetBlock().GetHeader().GetHeight()
		})
		if at < 0 {
			at = len(blocks)
		}
		blocks = slices.Insert(blocks, at, namedBlock{"lineage.sharing.block", sharing.GetBlock()})
	}
	return blocks, nil
}

// checkHops follows the validators of genesis to those of the block. If none are trusted, it begins with those that the first block
// names.
func (v *verifier) checkHops() (string, error) {
	r := v.receipt
	blocks, err := lineage(r.GetLineage())
	if err != nil {
		return "", err
	}
	light, from := LightClient{}, "from the unverified validators of the first block"
	if v.trust != nil {
		if light, err = v.trust.light(); err != nil {
			return "", err
		}
		from = "from the validators of genesis"
	}
	for _, b := range blocks {
		if light, err = light.followOrStart(r.GetChainId(), b.block); err != nil {
			return "", fmt.Errorf("%s.%w", b.field, err)
		}
	}
	// The steps before have checked the block itself.
	if light.chainID != "" {
		_, err = light.checkLink(r.GetBlock())
	}
	if err != nil {
		return "", fmt.Errorf("block.%w", err)
	}
	return fmt.Sprintf("%s to those of block %d; blocks between: %d", from, r.GetBlock().GetHeader().GetHeight(), len(blocks)), nil
}

// followOrStart follows the block. The zero client has no chain yet, and starts by trusting the block's own validators.
func (l LightClient) followOrStart(chainID string, block Block) (LightClient, error) {
	if l.chainID != "" {
		return l.Follow(block)
	}
	if err := CheckValidators(block); err != nil {
		return LightClient{}, err
	}
	if err := CheckSignatures(chainID, block); err != nil {
		return LightClient{}, err
	}
	return atBlock(chainID, block)
}

// checkGroupKey checks the receipt's proof that the validators generated the group key; without a proof the key must be pinned.
// checkHops has checked that they signed the block that orders the sharing.
func (v *verifier) checkGroupKey() (string, error) {
	proof := v.receipt.GetLineage().GetSharing()
	switch {
	case proof != nil:
		return v.checkSharing(proof)
	case v.trust == nil:
		return "neither proven nor pinned: trust it as far as you trust whoever gave you the receipt", nil
	case v.trust.GroupKey == "":
		return "", errors.New("group_key: the receipt does not prove it and no key is pinned; add the group_key of GET /api/v1/fairness to what you trust")
	}
	return "is the pinned one", nil
}

func (v *verifier) checkSharing(proof *receiptv1.SharingProof) (string, error) {
	sharing, err := parseSharing(proof.GetTransaction())
	if err != nil {
		return "", fmt.Errorf("lineage.sharing.transaction: %w", err)
	}
	if err := CheckInclusion(proof.GetBlock(), sharing); err != nil {
		return "", fmt.Errorf("lineage.sharing.block.%w", err)
	}
	if key := sharing.GroupKey(); v.receipt.GetGroupKey() != hex.EncodeToString(key[:]) {
		return "", errors.New("group_key: is not that of lineage.sharing")
	}
	return fmt.Sprintf("the validators put it on the chain in block %d, shared among %d members of which any %d can sign",
		proof.GetBlock().GetHeader().GetHeight(), len(sharing.Members), sharing.Threshold()), nil
}

// parseSharing decodes a sharing from lowercase hex.
func parseSharing(text string) (protocol.Sharing, error) {
	b, err := parseHex("hex", text, len(text)/2)
	if err != nil {
		return protocol.Sharing{}, err
	}
	return protocol.DecodeSharing(b)
}
