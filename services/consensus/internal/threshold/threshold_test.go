package threshold_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"testing"

	circl "github.com/cloudflare/circl/sign/bls"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg/dkgtest"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

func sign(t testing.TB, shares []threshold.Share, height int64) map[int][]byte {
	t.Helper()
	signatures := make(map[int][]byte, len(shares))
	for _, s := range shares {
		signature, err := s.Sign(height)
		if err != nil {
			t.Fatal(err)
		}
		signatures[s.Index()] = signature
	}
	return signatures
}

// TestWithheldSharesChangeNothing recovers the signature from every set of shares that remains when up to f of n are withheld: 1 + 4,
// 1 + 7 + 21 and 1 + 10 + 45 + 120 sets.
func TestWithheldSharesChangeNothing(t *testing.T) {
	for _, n := range []int{4, 7, 10} {
		f := (n - 1) / 3
		public, shares := dkgtest.Make(t, n-f, n)
		all := sign(t, shares, 7)
		var want []byte
		for withheld := range 1 << n {
			if bits.OnesCount(uint(withheld)) > f {
				continue
			}
			left := maps.Clone(all)
			maps.DeleteFunc(left, func(i int, _ []byte) bool { return withheld&(1<<i) != 0 })
			got, err := public.Recover(7, left)
			if err != nil {
				t.Fatalf("with %0*b withheld: %v", n, withheld, err)
			}
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("with %0*b withheld the dice are different", n, withheld)
			}
		}
	}
}

// TestEverySubsetGivesTheSameSignature tries all 16 subsets of four shares, three of which are needed.
func TestEverySubsetGivesTheSameSignature(t *testing.T) {
	public, shares := dkgtest.Make(t, 3, 4)
	key, err := beacon.ParseKey(public.GroupKey())
	if err != nil {
		t.Fatal(err)
	}
	all := sign(t, shares, 7)
	var want []byte
	for subset := range 1 << 4 {
		some := map[int][]byte{}
		for i := range 4 {
			if subset&(1<<i) != 0 {
				some[i] = all[i]
			}
		}
		signature, err := public.Recover(7, some)
		if len(some) < 3 {
			if !errors.Is(err, threshold.ErrTooFew) {
				t.Errorf("%d shares: %v", len(some), err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("subset %04b: %v", subset, err)
		}
		if want == nil {
			want = signature
		}
		if !bytes.Equal(signature, want) {
			t.Errorf("subset %04b gives another signature", subset)
		}
	}
	if err := key.Verify(7, want); err != nil {
		t.Error(err)
	}
	var public2 circl.PublicKey[circl.KeyG2SigG1]
	if err := public2.UnmarshalBinary(public.GroupKey()); err != nil {
		t.Fatal(err)
	}
	if !circl.Verify(&public2, beacon.Message(7), want) {
		t.Error("another implementation of BLS12-381 refuses the signature")
	}
}

func TestInvalidSharesAreExcluded(t *testing.T) {
	public, shares := dkgtest.Make(t, 3, 5)
	signatures := sign(t, shares, 7)
	good, err := public.Recover(7, signatures)
	if err != nil {
		t.Fatal(err)
	}
	signatures[0] = signatures[1]         // Another share's.
	signatures[2] = []byte("not a point") // Garbage.
	signatures[9] = signatures[3]         // An index out of range.
	got, err := public.Recover(7, signatures)
	if err != nil || !bytes.Equal(got, good) {
		t.Errorf("Recover = %x, %v; want %x", got, err, good)
	}
	signatures[1] = sign(t, shares, 8)[1] // Of another height: now two are left.
	if _, err := public.Recover(7, signatures); !errors.Is(err, threshold.ErrTooFew) {
		t.Errorf("Recover: %v", err)
	}
	for index, signature := range map[int][]byte{0: signatures[0], 1: signatures[1], 2: signatures[2], 9: signatures[9], -1: nil} {
		if err := public.VerifyShare(index, 7, signature); err == nil {
			t.Errorf("share %d verifies", index)
		}
	}
}

func TestPublicAndSharesRoundTrip(t *testing.T) {
	public, shares := dkgtest.Make(t, 3, 4)
	restored, err := threshold.ParsePublic(public.Commitments(), 4)
	if err != nil || !bytes.Equal(restored.GroupKey(), public.GroupKey()) || restored.Threshold() != 3 {
		t.Fatalf("restored %+v, %v", restored, err)
	}
	secret, err := shares[2].MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := restored.ParseShare(2, secret); err != nil {
		t.Error(err)
	}
	for _, index := range []int{-1, 1, 4} {
		if _, err := restored.ParseShare(index, secret); err == nil {
			t.Errorf("share 2 was accepted as share %d", index)
		}
	}
	if _, err := threshold.ParsePublic(nil, 4); err == nil {
		t.Error("no commitments were accepted")
	}
}

func BenchmarkSign(b *testing.B) {
	_, shares := dkgtest.Make(b, 3, 4)
	for b.Loop() {
		if _, err := shares[0].Sign(7); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyShare(b *testing.B) {
	public, shares := dkgtest.Make(b, 3, 4)
	signatures := sign(b, shares, 7)
	for b.Loop() {
		if err := public.VerifyShare(1, 7, signatures[1]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecover(b *testing.B) {
	for _, tc := range []struct{ t, n int }{{3, 4}, {7, 10}, {15, 21}} {
		b.Run(fmt.Sprintf("shares=%d", tc.t), func(b *testing.B) {
			public, shares := dkgtest.Make(b, tc.t, tc.n)
			signatures := sign(b, shares, 7)
			for b.Loop() {
				if _, err := public.Recover(7, signatures); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
