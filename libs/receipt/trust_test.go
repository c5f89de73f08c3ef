package receipt_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

func TestMalformedTrustIsRefused(t *testing.T) {
	for _, text := range []string{``, `[]`, `{}`, `{"chain_id":"x","group_key":"y"}`, `{"chain_id":7}`,
		`{"chain_id":"x","validators":[{"public_key":"00","power":1}]}`, `{"chain_id":"x","validators":[{}]}`,
		`{"chain_id":"x","app_state":{}}`, `{"validators":[{"pub_key":{"type":"tendermint/PubKeyEd25519","value":"AA=="},"power":"1"}],"app_state":{}}`,
		`{"chain_id":"x","validators":[{"pub_key":{"type":"tendermint/PubKeyEd25519","value":"AA=="},"power":"1"}],"app_state":{}}`,
		`{"chain_id":"x","validators":[{"pub_key":{"type":"secp256k1","value":"AA=="},"power":"1"}],"app_state":{}}`} {
		if trust, err := receipt.ParseTrust([]byte(text)); err == nil {
			t.Errorf("%s is trusted as %+v", text, trust)
		}
	}
}

// TestGenesisHashIsReportedAsComputedOrClaimed distinguishes the hash of a genesis file from one that an answer claims.
func TestGenesisHashIsReportedAsComputedOrClaimed(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	genesis := `{"chain_id":"x","validators":[{"pub_key":{"type":"tendermint/PubKeyEd25519","value":"` + key + `"},"power":"1"}],"app_state":{}}`
	answer := `{"chain_id":"x",%s"validators":[{"public_key":"` + strings.Repeat("00", 32) + `","power":1}]}`
	text, _ := real(t)
	for name, tc := range map[string]struct{ trust, says string }{
		"a genesis file":             {genesis, fmt.Sprintf("with 1 validators; the receipt must prove its group key; its genesis file has the hash %x", sha256.Sum256([]byte(genesis)))},
		"an answer":                  {fmt.Sprintf(answer, `"genesis_hash":"`+strings.Repeat("ef", 32)+`",`), "; they are claimed to be those of the genesis efefef"},
		"an answer without one":      {fmt.Sprintf(answer, ""), "; no genesis file is named"},
		"an answer with a group key": {fmt.Sprintf(answer, `"group_key":"00",`), "with 1 validators and its group key"},
	} {
		trust, err := receipt.ParseTrust([]byte(tc.trust))
		if err != nil {
			t.Fatal(err)
		}
		r := &receiptv1.Receipt{}
		if err := protojson.Unmarshal(text, r); err != nil {
			t.Fatal(err)
		}
		r.ChainId, r.GroupKey = "x", "00"
		if step := receipt.Verify(write(t, r), trust)[1]; step.Name != "trust" || !strings.Contains(step.Found, tc.says) {
			t.Errorf("%s: %s, %v, want %s", name, step.Found, step.Err, tc.says)
		}
	}
}

// FuzzTrust fuzzes the text of a Trust. An accepted one must have validators.
func FuzzTrust(f *testing.F) {
	for _, name := range []string{"fairness", "genesis"} {
		text, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"chain_id":"x","validators":[{"pub_key":{"type":"tendermint/PubKeyEd25519","value":"AA=="},"power":"1"}],"app_state":{}}`))
	for _, more := range []string{"", `,"Validators":[]`, `,"validators":[]`, `,"Chain_ID":"y"`, `,"later":{"a":[{}]}`} {
		f.Add([]byte(genesisOf(more)))
		f.Add([]byte(answerOf(more)))
	}
	receiptText, _ := real(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		trust, err := receipt.ParseTrust(text)
		if err != nil {
			return
		}
		if trust.ChainID == "" || len(trust.Validators) == 0 {
			t.Errorf("nobody is trusted: %+v", trust)
		}
		_ = receipt.Verify(receiptText, trust)
	})
}
