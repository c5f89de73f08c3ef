package receipt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// genesisKeys are the keys of a genesis file at all of its levels: those of CometBFT and those of app_state.
var genesisKeys = map[string]bool{
	"genesis_time": true, "chain_id": true, "initial_height": true, "consensus_params": true, "validators": true, "app_hash": true, "app_state": true,
	"block": true, "max_bytes": true, "max_gas": true, "evidence": true, "max_age_num_blocks": true, "max_age_duration": true, "validator": true,
	"pub_key_types": true, "version": true, "app": true, "abci": true, "vote_extensions_enable_height": true, "authority": true,
	"address": true, "pub_key": true, "type": true, "value": true, "power": true, "name": true,
	"dealing": true, "operator_key": true, "phase_time_ms": true, "public_key": true, "beacon_key": true, "node_id": true,
}

// CheckGenesis checks that a genesis file can be read in one way only. Validators run on one reading and players pin another, CometBFT's
// and this package's: a key that only one of them knows, or of which each takes another of two values, would make two chains of one file.
func CheckGenesis(text []byte) error {
	return checkAllKeys(text, func(key string) bool { return genesisKeys[key] })
}

// checkAnswer does the same for an answer of GET /api/v1/fairness. Later releases may add keys to it, which are spelled like all others, so
// that none differs from a known one only by case.
func checkAnswer(text []byte) error {
	return checkAllKeys(text, func(key string) bool { return strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" })
}

// checkAllKeys checks that no object in a JSON text has a key twice, or one that is not known.
func checkAllKeys(text []byte, known func(key string) bool) error {
	if err := json.Unmarshal(text, new(json.RawMessage)); err != nil { // Tokens alone would allow text after the end, and any depth.
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // A number may be too large for a float64.
	return checkKeys(decoder, known)
}

// checkKeys checks the keys in the decoder's next value.
func checkKeys(decoder *json.Decoder, known func(key string) bool) error {
	start, err := decoder.Token()
	if err != nil || start != json.Delim('{') && start != json.Delim('[') {
		return err
	}
	seen := map[string]bool{}
	for decoder.More() {
		if start == json.Delim('{') {
			token, err := decoder.Token()
			if err != nil {
				return err
			}
			key := token.(string) // Nothing else can be here in valid JSON.
			if !known(key) {
				return fmt.Errorf("%q: no such key is known; keys are lowercase", key)
			}
			if seen[key] {
				return fmt.Errorf("%s: is there twice in one object", key)
			}
			seen[key] = true
		}
		if err := checkKeys(decoder, known); err != nil {
			return err
		}
	}
	_, err = decoder.Token() // The end of the object or the array.
	return err
}
