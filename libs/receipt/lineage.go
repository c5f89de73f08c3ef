package receipt

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// MaxHops bounds the blocks between genesis and that of a receipt. Each hop bears at least two changes of one validator.
const MaxHops = 64

// named is a block with the name of the field that holds it.
type named struct {
	field string
	block Block
}

// lineage is the blocks that a light client follows before the receipt's own, in the order of their heights.
func lineage(l *receiptv1.Lineage) ([]named, error) {
	if n := len(l.GetHops()); n > MaxHops {
		return nil, fmt.Errorf("lineage.hops: %d; at most %d are allowed", n, MaxHops)
	}
	if l != nil && len(l.GetHops()) == 0 && l.GetSharing() == nil {
		return nil, errors.New("lineage: holds nothing; it must be left out then")
	}
	var blocks []named
	for i, hop := range l.GetHops() {
		blocks = append(blocks, named{fmt.Sprintf("lineage.hops[%d]", i), hop})
	}
	if sharing := l.GetSharing(); sharing != nil {
		at := slices.IndexFunc(blocks, func(b named) bool {
			return b.block.GetHeader().GetHeight() > sharing.GetBlock().GetHeader().GetHeight()
		})
		if at < 0 {
			at = len(blocks)
		}
		blocks = slices.Insert(blocks, at, named{"lineage.sharing.block", sharing.GetBlock()})
	}
	return blocks, nil
}

// checkHops follows the validators of genesis to those of the block. Where nobody is trusted, it begins with those that the
// first block names.
func (v *verifier) checkHops() (string, error) {
	r := v.receipt
	blocks, err := lineage(r.GetLineage())
	if err != nil {
		return "", err
	}
	light, from := LightClient{}, "nobody's word is taken for the first block's validators"
	if v.trust != nil {
		if light, err = v.trust.light(); err != nil {
			return "", err
		}
		from = "from the validators of genesis"
	}
	for _, b := range blocks {
		if light, err = light.followOrBegin(r.GetChainId(), b.block); err != nil {
			return "", fmt.Errorf("%s.%w", b.field, err)
		}
	}
	// The block itself was checked before.
	if light.chainID != "" {
		_, err = light.link(r.GetBlock())
	}
	if err != nil {
		return "", fmt.Errorf("block.%w", err)
	}
	return fmt.Sprintf("%s over %d blocks to those of block %d", from, len(blocks), r.GetBlock().GetHeader().GetHeight()), nil
}

// followOrBegin follows the block. The zero client knows no chain yet, and begins with the block's own validators.
func (l LightClient) followOrBegin(chainID string, block Block) (LightClient, error) {
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

// checkGroupKey checks that the validators made the group key, where the receipt says so; else it must be pinned. That they
// signed the block which orders the sharing, checkHops found.
func (v *verifier) checkGroupKey() (string, error) {
	proof := v.receipt.GetLineage().GetSharing()
	switch {
	case proof != nil:
		return v.checkSharing(proof)
	case v.trust == nil:
		return "not pinned, and genesis would hold it: trust it as far as whoever gave you the receipt", nil
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
	return fmt.Sprintf("the validators put it on the chain in block %d, shared among %d of which any %d sign",
		proof.GetBlock().GetHeader().GetHeight(), len(sharing.Members), sharing.Threshold()), nil
}

// parseSharing reads the encoding of a sharing in lowercase hex.
func parseSharing(text string) (protocol.Sharing, error) {
	b, err := parseHex("hex", text, len(text)/2)
	if err != nil {
		return protocol.Sharing{}, err
	}
	return protocol.DecodeSharing(b)
}
