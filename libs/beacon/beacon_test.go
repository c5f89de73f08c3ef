package beacon_test

import (
	"encoding/hex"
	"testing"

	circl "github.com/cloudflare/circl/sign/bls"

	"github.com/bitcraps/bitcraps/libs/beacon"
)

// A beacon of drand's public network "quicknet", which uses the same scheme.
const (
	quicknetKey        = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
	quicknetRound      = 1000
	quicknetSignature  = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
	quicknetRandomness = "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDrandsBeaconVerifies(t *testing.T) {
	key, err := beacon.ParseKey(unhex(t, quicknetKey))
	if err != nil {
		t.Fatal(err)
	}
	signature := unhex(t, quicknetSignature)
	if err := key.Verify(quicknetRound, signature); err != nil {
		t.Error(err)
	}
	if got := beacon.Randomness(signature); hex.EncodeToString(got[:]) != quicknetRandomness {
		t.Errorf("randomness = %x", got)
	}
	if err := key.Verify(quicknetRound+1, signature); err == nil {
		t.Error("the signature verifies for another height")
	}
	for i := range signature {
		changed := append([]byte(nil), signature...)
		changed[i] ^= 1
		if err := key.Verify(quicknetRound, changed); err == nil {
			t.Errorf("the signature verifies with byte %d changed", i)
		}
	}
}

// TestOtherImplementationAgrees signs with circl, which shares no code with gnark, and verifies here.
func TestOtherImplementationAgrees(t *testing.T) {
	private, err := circl.KeyGen[circl.KeyG2SigG1]([]byte("thirty-two bytes of test entropy"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	public, err := private.PublicKey().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	key, err := beacon.ParseKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for _, height := range []int64{1, 2, 1 << 40} {
		if err := key.Verify(height, circl.Sign(private, beacon.Message(height))); err != nil {
			t.Errorf("height %d: %v", height, err)
		}
	}
}

func TestMalformedKeysAreRefused(t *testing.T) {
	infinity := make([]byte, beacon.KeySize)
	infinity[0] = 0xc0
	for name, b := range map[string][]byte{
		"empty": nil, "short": make([]byte, 95), "zeros": make([]byte, beacon.KeySize), "infinity": infinity,
	} {
		if _, err := beacon.ParseKey(b); err == nil {
			t.Errorf("%s key was accepted", name)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	key, err := beacon.ParseKey(unhex(b, quicknetKey))
	if err != nil {
		b.Fatal(err)
	}
	signature := unhex(b, quicknetSignature)
	for b.Loop() {
		if err := key.Verify(quicknetRound, signature); err != nil {
			b.Fatal(err)
		}
	}
}
