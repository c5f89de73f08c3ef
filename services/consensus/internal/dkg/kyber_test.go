package dkg_test

import (
	"testing"

	"go.dedis.ch/kyber/v4"
	"go.dedis.ch/kyber/v4/pairing/bls12381/gnark"
	"go.dedis.ch/kyber/v4/share"
	pedersen "go.dedis.ch/kyber/v4/share/dkg/pedersen"
	"go.dedis.ch/kyber/v4/sign/schnorr"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// kyber's own generator is a second implementation of the ceremony. It needs to be a party and to keep state, which a mere reader of the
// chain can't; so the rules are tested against it, and not built on it.

var suite = gnark.NewSuiteBLS12381()

func points(t *testing.T, encoded [][]byte) (out []kyber.Point) {
	t.Helper()
	for _, b := range encoded {
		p := suite.Point()
		if err := p.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func nodes(t *testing.T, keys []dkg.PublicKey) (out []pedersen.Node) {
	t.Helper()
	for i, key := range keys {
		out = append(out, pedersen.Node{Index: uint32(i), Public: points(t, [][]byte{key[:]})[0]})
	}
	return out
}

// generator is kyber's generator in the role of a party.
func generator(t *testing.T, s dkg.Session, p dkg.Party) *pedersen.DistKeyGenerator {
	t.Helper()
	key, err := dkg.ParseScalar(mustMarshal(t, p.Key))
	if err != nil {
		t.Fatal(err)
	}
	id := s.ID()
	config := &pedersen.Config{Suite: suite, Longterm: key, NewNodes: nodes(t, s.Members), Threshold: uint32(s.Threshold),
		Nonce: id[:], Auth: schnorr.NewScheme(suite)}
	if p.Share != nil {
		value, err := dkg.ParseScalar(shareBytes(t, p))
		if err != nil {
			t.Fatal(err)
		}
		config.OldNodes, config.OldThreshold = nodes(t, s.Dealers), uint32(len(s.Old))
		config.Share = &pedersen.DistKeyShare{Commits: points(t, s.Old), Share: &share.PriShare{I: uint32(p.Share.Index()), V: value}}
	}
	g, err := pedersen.NewDistKeyHandler(config)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// fromKyber converts kyber's deal to ours.
func fromKyber(t *testing.T, s dkg.Session, p dkg.Party, bundle *pedersen.DealBundle) []byte {
	t.Helper()
	d := dkg.Deal{Session: protocol.Hash(bundle.SessionID), Dealer: int(bundle.DealerIndex), Sealed: make([][]byte, len(s.Members))}
	for _, point := range bundle.Public {
		b, err := point.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		d.Commitments = append(d.Commitments, protocol.Point(b))
	}
	for i := range d.Sealed {
		d.Sealed[i] = make([]byte, 144) // kyber seals nothing for itself.
	}
	for _, deal := range bundle.Deals {
		d.Sealed[deal.ShareIndex] = deal.EncryptedShare
	}
	return dkg.Resign(t, p.Key, d)
}

// toKyber converts the deals of a ceremony to kyber's.
func toKyber(t *testing.T, c *dkg.Ceremony) (out []*pedersen.DealBundle) {
	t.Helper()
	for _, message := range c.Deals {
		d, err := dkg.DecodeDeal(message)
		if err != nil {
			t.Fatal(err)
		}
		bundle := &pedersen.DealBundle{DealerIndex: uint32(d.Dealer), SessionID: d.Session[:], Signature: d.Signature}
		for i := range d.Commitments {
			bundle.Public = append(bundle.Public, points(t, [][]byte{d.Commitments[i][:]})[0])
		}
		for i, sealed := range d.Sealed {
			bundle.Deals = append(bundle.Deals, pedersen.Deal{ShareIndex: uint32(i), EncryptedShare: sealed})
		}
		out = append(out, bundle)
	}
	return out
}

// withKyber runs a ceremony in which kyber's generator is the first party, and compares its outcome with ours.
func withKyber(t *testing.T, c *dkg.Ceremony, all []dkg.Party) {
	t.Helper()
	g := generator(t, c.Session, all[0])
	bundle, err := g.Deals()
	if err != nil {
		t.Fatal(err)
	}
	runPhase(t, c, all, func(i int, message []byte) []byte {
		if i == 0 {
			return fromKyber(t, c.Session, all[0], bundle)
		}
		return message
	})
	complaints, err := g.ProcessDeals(toKyber(t, c))
	if err != nil || complaints != nil {
		t.Fatalf("kyber complains: %v, %v", complaints, err)
	}
	runPhase(t, c, all, func(i int, message []byte) []byte {
		if i == 0 {
			return dkg.Resign(t, all[0].Key, dkg.Response{Session: c.Session.ID()})
		}
		return message
	})
	result, _, err := g.ProcessResponses(nil)
	if err != nil {
		t.Fatal(err)
	}
	key := public(t, c)
	for i, commitment := range points(t, key.Commitments()) {
		if !commitment.Equal(result.Key.Commits[i]) {
			t.Errorf("commitment %d differs", i)
		}
	}
	b, err := result.Key.Share.V.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.ParseShare(0, b); err != nil {
		t.Error(err)
	}
	for i, p := range all[1:] {
		if _, err := c.Share(p.Key, i+1); err != nil {
			t.Error(err)
		}
	}
}

func TestKyberAgreesOnANewKey(t *testing.T) {
	all := parties(4)
	withKyber(t, dkg.New(fresh(all)), all)
}

func TestKyberAgreesOnAResharing(t *testing.T) {
	all := parties(4)
	first := dkg.New(fresh(all))
	run(t, first, all)
	all = shares(t, first, all)
	withKyber(t, dkg.New(reshare(public(t, first), all, all)), all)
}
