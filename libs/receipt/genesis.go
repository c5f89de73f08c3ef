package receipt

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// genesis has the fields of a chain's genesis file that Trust needs. Its validators' keys are in base64, their powers are strings. It
// has no group key: the validators generate that later.
type genesis struct {
	ChainID    string `json:"chain_id"`
	Validators []struct {
		Key struct {
			Type  string `json:"type"`
			Value []byte `json:"value"`
		} `json:"pub_key"`
		Power int64 `json:"power,string"`
	} `json:"validators"`
}

// keyType is CometBFT's name of the type of validators' keys.
const keyType = "tendermint/PubKeyEd25519"

// isGenesis reports whether a text is a genesis file: it has an app_state. An answer of GET /api/v1/fairness has none.
func isGenesis(text []byte) bool {
	var g struct {
		State json.RawMessage `json:"app_state"`
	}
	return json.Unmarshal(text, &g) == nil && g.State != nil
}

func parseGenesis(text []byte) (*Trust, error) {
	if err := CheckGenesis(text); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	var g genesis
	if err := json.Unmarshal(text, &g); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	hash := sha256.Sum256(text)
	trust := &Trust{ChainID: g.ChainID, GenesisHash: hex.EncodeToString(hash[:]), HashComputed: true}
	for i, v := range g.Validators {
		if v.Key.Type != keyType {
			return nil, fmt.Errorf("genesis: validators[%d].pub_key.type: %q; %s is wanted", i, v.Key.Type, keyType)
		}
		trust.Validators = append(trust.Validators, TrustedValidator{PublicKey: hex.EncodeToString(v.Key.Value), Power: v.Power})
	}
	if trust.ChainID == "" || len(trust.Validators) == 0 {
		return nil, errors.New("genesis: chain_id or validators are missing")
	}
	return trust, nil
}
