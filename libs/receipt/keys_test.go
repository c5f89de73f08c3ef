package receipt_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/receipt"
)

// genesisOf returns a genesis file with the keys that a real one has, and some more at the end.
func genesisOf(more string) string {
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	return `{"genesis_time":"2026-10-26T16:57:53Z","chain_id":"x","initial_height":"1","consensus_params":{"block":{"max_bytes":"1048576","max_gas":"-1"},` +
		`"evidence":{"max_age_num_blocks":"10000","max_age_duration":"3600000000000","max_bytes":"1048576"},"validator":{"pub_key_types":["ed25519"]},` +
		`"version":{"app":"0"},"abci":{"vote_extensions_enable_height":"1"},"authority":{"authority":""}},` +
		`"validators":[{"address":"00","pub_key":{"type":"tendermint/PubKeyEd25519","value":"` + key + `"},"power":"10","name":"validator-0"}],"app_hash":"",` +
		`"app_state":{"dealing":"distributed","operator_key":"00","phase_time_ms":5000,` +
		`"validators":[{"name":"validator-0","public_key":"00","beacon_key":"00","node_id":"00","version":0}]}` + more + `}`
}

// answerOf returns an answer of GET /api/v1/fairness, with some more keys at the end.
func answerOf(more string) string {
	return `{"chain_id":"x","validators":[{"public_key":"` + strings.Repeat("00", 32) + `","power":1}]` + more + `}`
}

// TestTrustHasOneReading adds keys that one reader takes for others and another one ignores: encoding/json ignores case and takes the
// last of two, and the validators' reader wants exact names.
func TestTrustHasOneReading(t *testing.T) {
	forged := base64.StdEncoding.EncodeToString([]byte("the house's own key, of 32 bytes"))
	validators := `[{"pub_key":{"type":"tendermint/PubKeyEd25519","value":"` + forged + `"},"power":"10"}]`
	for name, text := range map[string]string{
		"genesis, validators in another case": genesisOf(`,"Validators":` + validators),
		"genesis, validators twice":           genesisOf(`,"validators":` + validators),
		"genesis, validators escaped":         genesisOf(`,"valid\u0061tors":` + validators),
		"genesis, a letter that folds to s":   genesisOf(`,"validatorſ":` + validators),
		"genesis, chain_id in another case":   genesisOf(`,"Chain_ID":"y"`),
		"genesis, app_state in another case":  genesisOf(`,"App_State":{}`),
		"genesis, an unknown key":             genesisOf(`,"group_key":"00"`),
		"genesis, a key of a validator":       strings.Replace(genesisOf(""), `"power":"10"`, `"power":"10","Power":"90"`, 1),
		"genesis, a key of a validator twice": strings.Replace(genesisOf(""), `"value":`, `"value":"AA==","value":`, 1),
		"genesis, a key of app_state":         strings.Replace(genesisOf(""), `"dealing":`, `"Dealing":"x","dealing":`, 1),
		"genesis, a power with a space":       strings.Replace(genesisOf(""), `"10"`, `" 10"`, 1),
		"answer, validators in another case":  answerOf(`,"Validators":[{"public_key":"` + strings.Repeat("11", 32) + `","power":1}]`),
		"answer, chain_id twice":              answerOf(`,"chain_id":"y"`),
		"answer, an unknown key with two":     answerOf(`,"later":{"a":1,"a":2}`),
	} {
		if trust, err := receipt.ParseTrust([]byte(text)); err == nil {
			t.Errorf("%s: is trusted as %+v", name, trust)
		}
		if strings.HasPrefix(name, "genesis") && !strings.Contains(name, "space") && receipt.CheckGenesis([]byte(text)) == nil {
			t.Errorf("%s: a validator would accept it", name)
		}
	}
	for _, text := range []string{genesisOf(""), answerOf(""), answerOf(`,"of_a_later_release":{"in_it":[1e400]}`)} {
		if _, err := receipt.ParseTrust([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := receipt.CheckGenesis([]byte(genesisOf(""))); err != nil {
		t.Error(err)
	}
}
