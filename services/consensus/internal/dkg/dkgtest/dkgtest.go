// Package dkgtest generates beacon keys for tests, by the ceremony that validators run.
package dkgtest

import (
	"crypto/cipher"

	"go.dedis.ch/kyber/v4/util/random"

	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// TB is the common interface of testing.TB and rapid.TB.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Make has n validators generate a key of which any t shares make a signature.
func Make(tb TB, t, n int) (*threshold.Public, []threshold.Share) {
	tb.Helper()
	return MakeFrom(tb, t, n, random.New())
}

// MakeFrom is Make with the caller's randomness.
func MakeFrom(tb TB, t, n int, random cipher.Stream) (*threshold.Public, []threshold.Share) {
	tb.Helper()
	parties := make([]dkg.Party, n)
	session := dkg.Session{Epoch: 1, Threshold: t}
	for i := range parties {
		parties[i].Key = dkg.NewSecretKey(random)
		session.Members = append(session.Members, parties[i].Key.Public())
	}
	session.Dealers = session.Members
	c := dkg.New(session)
	for c.Phase != dkg.Done {
		for _, p := range parties {
			message, err := p.NextMessage(c)
			if err == nil {
				err = c.Handle(message)
			}
			if err != nil {
				tb.Fatal(err)
			}
		}
	}
	public, err := c.Public()
	if err != nil {
		tb.Fatal(err)
	}
	shares := make([]threshold.Share, n)
	for i, p := range parties {
		if shares[i], err = c.Share(p.Key, i); err != nil {
			tb.Fatal(err)
		}
	}
	return public, shares
}
