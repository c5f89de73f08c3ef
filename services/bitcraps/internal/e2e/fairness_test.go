package e2e_test

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"

	circl "github.com/cloudflare/circl/sign/bls"
)

// TestRollsAreVerifiable verifies a roll according to docs/protocol.md, with only the answers of REST, the standard library, and an
// implementation of BLS12-381 that shares no code with the one that signs.
func TestRollsAreVerifiable(t *testing.T) { forEachTarget(t, rollsAreVerifiable) }

func rollsAreVerifiable(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	game := c.newGame()
	c.bet(game, "pass_line", 50)
	rolled := c.must(200, "POST", game+"/roll", nil)

	fairness := c.must(200, "GET", "/api/v1/fairness", nil)
	var groupKey circl.PublicKey[circl.KeyG2SigG1]
	if err := groupKey.UnmarshalBinary(unhex(t, fairness.str("group_key"))); err != nil {
		t.Fatal(err)
	}
	if fairness.str("scheme") != "bls-unchained-g1-rfc9380" || fairness.num("threshold") != 3 || len(fairness.list("validators")) != 4 ||
		fairness.str("dealing") != "DEALING_DISTRIBUTED" || fairness.str("dealing_note") == "" {
		t.Errorf("fairness %s", fairness.text)
	}

	if evidence := c.must(200, "GET", "/api/v1/evidence?page_size=5", nil); len(evidence.list("evidence")) > 0 {
		t.Errorf("honest validators are accused: %s", evidence.text)
	}

	height := rolled.num("beacon_height")
	beacon := c.must(200, "GET", fmt.Sprintf("/api/v1/beacons/%d", height), nil)
	signature := unhex(t, beacon.str("signature"))
	message := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(height)))
	if !circl.Verify(&groupKey, message[:], signature) {
		t.Error("the beacon's signature does not verify")
	}
	randomness := sha256.Sum256(signature)
	if beacon.str("randomness") != hex.EncodeToString(randomness[:]) {
		t.Errorf("randomness %s", beacon.str("randomness"))
	}

	round := c.must(200, "GET", fmt.Sprintf("%s/rounds/%d", game, rolled.num("round")), nil)
	if round.str("beacon_signature") != beacon.str("signature") {
		t.Error("the round names another beacon")
	}
	commitment := sha256.Sum256(unhex(t, round.str("commitment")))
	stream, err := hkdf.Key(sha256.New, randomness[:], commitment[:], "bitcraps/dice/v1", 32)
	if err != nil {
		t.Fatal(err)
	}
	var dice []string
	for _, b := range stream {
		if b < 252 && len(dice) < 2 {
			dice = append(dice, fmt.Sprint(b%6+1))
		}
	}
	if got := fmt.Sprint(rolled.at("dice")); got != fmt.Sprint(dice) {
		t.Errorf("the dice were %s; they should be %v", got, dice)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
