package device_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/services/api/internal/device"
)

var now = time.UnixMicro(1_700_000_000_000_000)

// prove makes a proof with a key, working until the challenge's difficulty is reached.
func prove(key ed25519.PrivateKey, sealed []byte, difficulty int) device.Proof {
	p := device.Proof{PublicKey: key.Public().(ed25519.PublicKey), Challenge: sealed, Nonce: make([]byte, 8)}
	for n := uint64(0); p.Work() < difficulty; n++ {
		binary.BigEndian.PutUint64(p.Nonce, n)
	}
	p.Signature = ed25519.Sign(key, p.Message())
	return p
}

func newKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(append(make([]byte, 31), seed))
}

func TestProofs(t *testing.T) {
	const difficulty = 8
	key, other := newKey(1), newKey(2)
	secret, secrets := []byte("secret"), [][]byte{[]byte("newer"), []byte("secret")}
	challenge := device.Challenge{Random: [16]byte{1}, Expires: now.Add(device.ChallengeLife), Difficulty: difficulty}
	sealed := challenge.Seal(secret, key.Public().(ed25519.PublicKey))
	good := prove(key, sealed, difficulty)
	if got, _, err := good.Check(secrets, now); err != nil || got.Difficulty != difficulty || !got.Expires.Equal(challenge.Expires) {
		t.Fatalf("%+v, %v", got, err)
	}
	weak := good
	for weak.Work() >= difficulty {
		weak.Nonce = append([]byte{weak.Nonce[0] + 1}, weak.Nonce[1:]...)
	}
	weak.Signature = ed25519.Sign(key, weak.Message())
	easy := append([]byte(nil), sealed...)
	easy[24] = 0 // The difficulty.
	wrong := good
	wrong.Signature = append([]byte{wrong.Signature[0] ^ 1}, wrong.Signature[1:]...)
	nonCanonical := good
	nonCanonical.Signature = addOrder(good.Signature)
	for name, tc := range map[string]struct {
		proof   device.Proof
		secrets [][]byte
		at      time.Time
		want    error
	}{
		"too late":                       {good, secrets, now.Add(device.ChallengeLife + 1), device.ErrChallenge},
		"of another server":              {good, [][]byte{[]byte("theirs")}, now, device.ErrChallenge},
		"of no server":                   {good, nil, now, device.ErrChallenge},
		"of another key":                 {prove(other, sealed, difficulty), secrets, now, device.ErrChallenge},
		"with an easier challenge":       {prove(key, easy, 0), secrets, now, device.ErrChallenge},
		"of half a challenge":            {prove(key, sealed[:30], 0), secrets, now, device.ErrChallenge},
		"with too little work":           {weak, secrets, now, device.ErrWork},
		"with a wrong signature":         {wrong, secrets, now, device.ErrChallenge},
		"with a non-canonical signature": {nonCanonical, secrets, now, device.ErrChallenge},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := tc.proof.Check(tc.secrets, tc.at); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
		})
	}
}

// addOrder replaces the S of a signature by S plus the group's order: the same scalar, not in canonical form.
func addOrder(signature []byte) []byte {
	order, _ := hex.DecodeString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	out := append([]byte(nil), signature...)
	carry := 0
	for i := range 32 {
		carry += int(out[32+i]) + int(order[i])
		out[32+i], carry = byte(carry), carry>>8
	}
	return out
}

func TestBadKeys(t *testing.T) {
	for name, text := range map[string]string{
		"the neutral element":                    "0100000000000000000000000000000000000000000000000000000000000000",
		"order 2":                                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"order 4":                                "0000000000000000000000000000000000000000000000000000000000000000",
		"order 4, negative":                      "0000000000000000000000000000000000000000000000000000000000000080",
		"order 8":                                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"order 8, negative":                      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"the neutral element, not canonical":     "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"order 4, not canonical":                 "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"the neutral element with a sign":        "0100000000000000000000000000000000000000000000000000000000000080",
		"no point":                               "0200000000000000000000000000000000000000000000000000000000000000",
		"short":                                  "01",
		"the base point's y plus p, which wraps": "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		key, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := device.CheckKey(key); !errors.Is(err, device.ErrBadKey) {
			t.Errorf("%s is accepted", name)
		}
	}
	for seed := range byte(50) {
		if err := device.CheckKey(newKey(seed).Public().(ed25519.PublicKey)); err != nil {
			t.Errorf("a generated key: %v", err)
		}
	}
}

// TestEveryBitIsAuthenticated flips any bit of a proof, which must make it invalid.
func TestEveryBitIsAuthenticated(t *testing.T) {
	key, secret := newKey(1), []byte("secret")
	sealed := device.Challenge{Random: [16]byte{1}, Expires: now.Add(time.Minute), Difficulty: 4}.Seal(secret, key.Public().(ed25519.PublicKey))
	rapid.Check(t, func(t *rapid.T) {
		p := prove(key, sealed, 4)
		parts := [][]byte{append([]byte(nil), p.PublicKey...), append([]byte(nil), p.Challenge...), append([]byte(nil), p.Nonce...), append([]byte(nil), p.Signature...)}
		part := rapid.SampledFrom(parts).Draw(t, "part")
		at := rapid.IntRange(0, len(part)*8-1).Draw(t, "bit")
		part[at/8] ^= 1 << (at % 8)
		changed := device.Proof{PublicKey: parts[0], Challenge: parts[1], Nonce: parts[2], Signature: parts[3]}
		if _, _, err := changed.Check([][]byte{secret}, now); err == nil {
			t.Fatal("the changed proof is accepted")
		}
	})
}

func FuzzCheck(f *testing.F) {
	key := newKey(1)
	sealed := device.Challenge{Expires: now, Difficulty: 0}.Seal([]byte("secret"), key.Public().(ed25519.PublicKey))
	good := prove(key, sealed, 0)
	f.Add([]byte(good.PublicKey), good.Challenge, good.Nonce, good.Signature)
	f.Fuzz(func(t *testing.T, public, challenge, nonce, signature []byte) {
		p := device.Proof{PublicKey: public, Challenge: challenge, Nonce: nonce, Signature: signature}
		if _, _, err := p.Check([][]byte{[]byte("other")}, now); err == nil {
			t.Error("a proof without the secret is accepted")
		}
	})
}
