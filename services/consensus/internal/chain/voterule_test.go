package chain_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/cometbft/cometbft/crypto/ed25519"

	"github.com/bitcraps/bitcraps/libs/receipt"
)

// signWith signs like Ed25519, but adds a point to R.
func signWith(t *testing.T, key ed25519.PrivKey, message []byte, add *edwards25519.Point) []byte {
	t.Helper()
	scalar := func(b []byte) *edwards25519.Scalar {
		sum := sha512.Sum512(b)
		s, err := edwards25519.NewScalar().SetUniformBytes(sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	seed := sha512.Sum512(key[:32])
	a, err := edwards25519.NewScalar().SetBytesWithClamping(seed[:32])
	if err != nil {
		t.Fatal(err)
	}
	r := scalar(message)
	point := new(edwards25519.Point).Add(new(edwards25519.Point).ScalarBaseMult(r), add).Bytes()
	k := scalar(slices.Concat(point, key[32:], message))
	return append(point, edwards25519.NewScalar().MultiplyAdd(k, a, r).Bytes()...)
}

func pointOf(t *testing.T, text string) *edwards25519.Point {
	t.Helper()
	p, err := new(edwards25519.Point).SetBytes(unhex(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestReceiptsAcceptTheVotesThatTheChainAccepts compares the verdicts on the votes of a malicious validator: a stricter receipt would leave
// blocks without a proof, and a laxer one would accept blocks that the chain does not.
func TestReceiptsAcceptTheVotesThatTheChainAccepts(t *testing.T) {
	key, message := ed25519.GenPrivKeyFromSecret([]byte("a validator")), []byte("a vote")
	public := key.PubKey().Bytes()
	order2, order4, order8 := "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "0000000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
	identity, nonCanonical := "0100000000000000000000000000000000000000000000000000000000000000", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
	good := signWith(t, key, message, edwards25519.NewIdentityPoint())
	order := unhex(t, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	tooLarge, carry := slices.Clone(good), 0
	for i, b := range order {
		sum := int(good[32+i]) + int(b) + carry
		tooLarge[32+i], carry = byte(sum), sum>>8
	}
	for name, tc := range map[string]struct {
		public, signature []byte
		valid             bool
	}{
		"an honest one":                    {public, good, true},
		"R with a part of order 2":         {public, signWith(t, key, message, pointOf(t, order2)), true},
		"R with a part of order 4":         {public, signWith(t, key, message, pointOf(t, order4)), true},
		"R with a part of order 8":         {public, signWith(t, key, message, pointOf(t, order8)), true},
		"R and key of small order, s of 0": {unhex(t, order8), append(unhex(t, identity), make([]byte, 32)...), true},
		"a non-canonical R":                {unhex(t, order8), append(unhex(t, nonCanonical), make([]byte, 32)...), true},
		"a non-canonical key":              {unhex(t, nonCanonical), append(unhex(t, identity), make([]byte, 32)...), true},
		"R with a part of large order":     {public, signWith(t, key, message, edwards25519.NewGeneratorPoint()), false},
		"s not below the order":            {public, tooLarge, false},
		"another message's":                {public, signWith(t, key, []byte("another"), edwards25519.NewIdentityPoint()), false},
		"too short":                        {public, good[:63], false},
		"R not on the curve":               {public, append(append([]byte{2}, make([]byte, 31)...), good[32:]...), false},
	} {
		chain, receipts := ed25519.PubKey(tc.public).VerifySignature(message, tc.signature), receipt.VerifyVote(tc.public, message, tc.signature)
		if chain != tc.valid || receipts != tc.valid {
			t.Errorf("%s: the chain accepts it: %t, receipts: %t, want %t (%s)", name, chain, receipts, tc.valid, hex.EncodeToString(tc.signature))
		}
	}
	if own, err := key.Sign(message); err != nil || bytes.Equal(own, good) || !receipt.VerifyVote(public, message, own) {
		t.Errorf("a signature of CometBFT's is refused: %v", err)
	}
}
