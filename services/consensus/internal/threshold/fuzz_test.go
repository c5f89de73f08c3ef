package threshold_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"go.dedis.ch/kyber/v4/util/random"

	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg/dkgtest"
)

// FuzzVerifyShare verifies what a peer may send as a share's signature. Only the unique signature of the share may verify, in its unique
// encoding, and nothing may prevent valid shares from giving the beacon.
func FuzzVerifyShare(f *testing.F) {
	// All processes of the fuzzer must generate the same key.
	public, shares := dkgtest.MakeFrom(f, 3, 4, random.New(rand.NewChaCha8([32]byte{1})))
	good := sign(f, shares, 7)
	beacon, err := public.Recover(7, good)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{good[1], good[2], beacon, nil, make([]byte, 48), append([]byte{0xc0}, make([]byte, 47)...)} {
		f.Add(1, seed)
	}
	f.Fuzz(func(t *testing.T, index int, share []byte) {
		if public.VerifyShare(index, 7, share) == nil && !bytes.Equal(share, good[index]) {
			t.Fatalf("%x verifies as share %d", share, index)
		}
		got, err := public.Recover(7, map[int][]byte{0: good[0], 1: good[1], 2: good[2], 3: share})
		if err != nil || !bytes.Equal(got, beacon) {
			t.Fatalf("with %x as share 3 the beacon is %x, %v", share, got, err)
		}
	})
}
