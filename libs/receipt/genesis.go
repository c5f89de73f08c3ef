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
	State json.RawMessage `json:"app_state"`
}

// keyType is CometBFT's name of the type of validators' keys.
const keyType = "tendermint/PubKeyEd25519"

// parseGenesis parses a genesis file. ok is false if the text is something else.
func parseGenesis(text []byte) (trust *Trust, ok bool, err error) {
	var g genesis
	if err := json.Unmarshal(text, &g); err != nil || g.State == nil {
		return nil, false, nil // It may be an answer of GET /api/v1/fairness, which has no app_state.
	}
	hash := sha256.Sum256(text)
	trust = &Trust{ChainID: g.ChainID, GenesisHash: hex.EncodeToString(hash[:]), HashComputed: true}
	for i, v := range g.Validators {
		if v.Key.Type != keyType {
			return nil, true, fmt.Errorf("genesis: validators[%d].pub_key.type: %q; %s is wanted", i, v.Key.Type, keyType)
		}
		trust.Validators = append(trust.Validators, TrustedValidator{PublicKey: hex.EncodeToString(v.Key.Value), Power: v.Power})
	}
	if trust.ChainID == "" || len(trust.Validators) == 0 {
		return nil, true, errors.New("genesis: chain_id or validators are missing")
	}
	return trust, true, nil
}
