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
	// GenesisHash is SHA-256 of the genesis file, for people to compare. No receipt depends on it.
	GenesisHash string `json:"genesis_hash"`
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

// ParseTrust reads a genesis file or the answer of GET /api/v1/fairness.
func ParseTrust(text []byte) (*Trust, error) {
	trust, ok, err := parseGenesis(text)
	if !ok {
		trust, err = parseFairness(text)
	}
	if err == nil {
		_, err = trust.light()
	}
	if err != nil {
		return nil, fmt.Errorf("neither a genesis file nor an answer of GET /api/v1/fairness: %w", err)
	}
	return trust, nil
}

func parseFairness(text []byte) (*Trust, error) {
	var trust Trust
	if err := json.Unmarshal(text, &trust); err != nil {
		return nil, err
	}
	if trust.ChainID == "" || len(trust.Validators) == 0 {
		return nil, errors.New("chain_id or validators are missing")
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
		return fmt.Sprintf("chain %s is the pinned one, with the genesis %s; its group key is for the receipt to prove", t.ChainID, t.GenesisHash), nil
	}
	if r.GetGroupKey() != t.GroupKey {
		return "", errors.New("group_key: is not the pinned one")
	}
	return fmt.Sprintf("chain %s and its group key are the pinned ones, with the genesis %s", t.ChainID, t.GenesisHash), nil
}
