// Package dkgtest makes beacon keys for tests, by the ceremony that the validators go through.
package dkgtest

import (
	"crypto/cipher"

	"go.dedis.ch/kyber/v4/util/random"

	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// TB is what both testing.TB and rapid.TB are.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Make has n validators make a key of which any t shares sign.
func Make(tb TB, t, n int) (*threshold.Public, []threshold.Share) {
	tb.Helper()
	return MakeFrom(tb, t, n, random.New())
}

// MakeFrom is Make with randomness of the caller's.
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
