package receipt

import (
	"encoding/json"
	"errors"
	"fmt"

	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// Trust is what a player pinned of a chain: what it began with.
type Trust struct {
	ChainID string `json:"chain_id"`
	// GroupKey verifies the beacon. Where it is empty, receipts must prove it.
	GroupKey string `json:"group_key"`
	// Validators are the set at genesis, in any order.
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
	if trust.ChainID == "" || len(trust.Validators) == 0 {
		return nil, errors.New("not an answer of GET /api/v1/fairness: chain_id or validators are missing")
	}
	if _, err := trust.light(); err != nil {
		return nil, fmt.Errorf("not an answer of GET /api/v1/fairness: %w", err)
	}
	return &trust, nil
}

// light is a light client that knows the pinned validators.
func (t *Trust) light() (Light, error) {
	validators := make([]*receiptv1.Validator, len(t.Validators))
	for i, v := range t.Validators {
		validators[i] = &receiptv1.Validator{PublicKey: v.PublicKey, Power: v.Power}
	}
	return AtGenesis(t.ChainID, validators)
}

// check holds a receipt's chain against the pinned one.
func (t *Trust) check(r *receiptv1.Receipt) (string, error) {
	if r.GetChainId() != t.ChainID {
		return "", fmt.Errorf("chain_id: %s; %s is pinned", r.GetChainId(), t.ChainID)
	}
	if t.GroupKey == "" {
		return fmt.Sprintf("chain %s is the pinned one; its group key is for the receipt to prove", t.ChainID), nil
	}
	if r.GetGroupKey() != t.GroupKey {
		return "", errors.New("group_key: is not the pinned one")
	}
	return fmt.Sprintf("chain %s and its group key are the pinned ones", t.ChainID), nil
}
