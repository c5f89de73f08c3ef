package receipt

import (
	"encoding/json"
	"errors"
	"fmt"

	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// Trust is the root of trust that a player has pinned: a chain's state at genesis.
type Trust struct {
	ChainID string `json:"chain_id"`
	// GenesisHash is the SHA-256 hash of the genesis file, for people to compare, or what an answer of GET /api/v1/fairness claims it to
	// be; empty if it claims nothing. No check depends on it.
	GenesisHash string `json:"genesis_hash"`
	// HashComputed is true if GenesisHash was computed from the genesis file.
	HashComputed bool `json:"-"`
	// GroupKey verifies the beacon. If it is empty, receipts must prove it.
	GroupKey string `json:"group_key"`
	// Validators is the validator set at genesis, in any order.
	Validators []TrustedValidator `json:"validators"`
}

// TrustedValidator is a member of the validator set.
type TrustedValidator struct {
	PublicKey string `json:"public_key"` // Ed25519, in hex.
	Power     int64  `json:"power"`
}

// ParseTrust parses a genesis file or an answer of GET /api/v1/fairness.
func ParseTrust(text []byte) (*Trust, error) {
	parse := parseFairness
	if isGenesis(text) {
		parse = parseGenesis
	}
	trust, err := parse(text)
	if err == nil {
		err = CheckChainID(trust.ChainID)
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
	if err := checkAnswer(text); err != nil {
		return nil, err
	}
	var trust Trust
	if err := json.Unmarshal(text, &trust); err != nil {
		return nil, err
	}
	if trust.ChainID == "" || len(trust.Validators) == 0 {
		return nil, errors.New("chain_id or validators are missing")
	}
	if trust.GenesisHash != "" {
		if _, err := parseHash("genesis_hash", trust.GenesisHash); err != nil {
			return nil, err
		}
	}
	return &trust, nil
}

// light returns a light client that trusts the pinned validators.
func (t *Trust) light() (LightClient, error) {
	validators := make([]*receiptv1.Validator, len(t.Validators))
	for i, v := range t.Validators {
		validators[i] = &receiptv1.Validator{PublicKey: v.PublicKey, Power: v.Power}
	}
	return NewLightClient(t.ChainID, validators)
}

// check compares a receipt's chain with the pinned one.
func (t *Trust) check(r *receiptv1.Receipt) (string, error) {
	if r.GetChainId() != t.ChainID {
		return "", fmt.Errorf("chain_id: %q; %q is pinned", r.GetChainId(), t.ChainID)
	}
	if t.GroupKey != "" && r.GetGroupKey() != t.GroupKey {
		return "", errors.New("group_key: is not the pinned one")
	}
	pinned := fmt.Sprintf("chain %s is pinned, with %d validators", t.ChainID, len(t.Validators))
	if t.GroupKey == "" {
		pinned += "; the receipt must prove its group key"
	} else {
		pinned += " and its group key"
	}
	return pinned + "; " + t.genesis(), nil
}

// genesis describes what is known of the genesis file. An answer with forged validators may claim the hash of any file.
func (t *Trust) genesis() string {
	switch {
	case t.HashComputed:
		return "its genesis file has the hash " + t.GenesisHash
	case t.GenesisHash == "":
		return "no genesis file is named"
	}
	return fmt.Sprintf("they are claimed to be those of the genesis %s, which only that file proves", t.GenesisHash)
}
