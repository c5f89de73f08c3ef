package receipt

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// Trust is what a player pinned of a chain: who its validators are, and the key of their beacon.
type Trust struct {
	ChainID  string `json:"chain_id"`
	GroupKey string `json:"group_key"`
	// Validators are the set at genesis, in any order. It does not change as long as the chain has no way to change it.
	Validators []TrustedValidator `json:"validators"`
}

// TrustedValidator is a member of the set.
type TrustedValidator struct {
	PublicKey string `json:"public_key"` // Ed25519, in hex.
	Power     int64  `json:"power"`
}

// ParseTrust reads the answer of GET /api/v1/fairness.
func ParseTrust(text []byte) (*Trust, error) {
	var trust Trust
	if err := json.Unmarshal(text, &trust); err != nil {
		return nil, fmt.Errorf("not an answer of GET /api/v1/fairness: %w", err)
	}
	if trust.ChainID == "" || trust.GroupKey == "" || len(trust.Validators) == 0 {
		return nil, errors.New("not an answer of GET /api/v1/fairness: chain_id, group_key or validators are missing")
	}
	return &trust, nil
}

// check holds a receipt's chain against the pinned one.
func (t *Trust) check(r *receiptv1.Receipt) (string, error) {
	if r.GetChainId() != t.ChainID {
		return "", fmt.Errorf("chain_id: %s; %s is pinned", r.GetChainId(), t.ChainID)
	}
	if r.GetGroupKey() != t.GroupKey {
		return "", errors.New("group_key: is not the pinned one")
	}
	set := make([]TrustedValidator, 0, len(r.GetBlock().GetValidators()))
	for _, v := range r.GetBlock().GetValidators() {
		set = append(set, TrustedValidator{PublicKey: v.GetPublicKey(), Power: v.GetPower()})
	}
	if !slices.Equal(byKey(set), byKey(t.Validators)) {
		return "", errors.New("block.validators: are not the pinned ones")
	}
	return fmt.Sprintf("chain %s, its %d validators and their group key are the pinned ones", t.ChainID, len(set)), nil
}

func byKey(set []TrustedValidator) []TrustedValidator {
	return slices.SortedFunc(slices.Values(set), func(a, b TrustedValidator) int { return strings.Compare(a.PublicKey, b.PublicKey) })
}
