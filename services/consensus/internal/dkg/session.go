// Package dkg generates the beacon's secret without any party ever having it: by the distributed key generation of Pedersen
// (Eurocrypt 1991; Gennaro and others, J. Cryptology 2007) and, when the validators change, by the resharing of the same
// secret (Desmedt and Jajodia 1997). The broadcast channel is the chain: everyone sees the same messages in the same order.
//
// Everyone who reads the chain computes the same outcome, whether they take part or not. So the rules are functions of the messages, and
// a validator's own message is a function of its beacon key and the messages before. A validator keeps no state of its own: one that
// crashed sends the same message again, and decrypts its share from the messages with its key.
package dkg

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"go.dedis.ch/kyber/v4"
	"go.dedis.ch/kyber/v4/share"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// Session defines the parties and the parameters of a ceremony. No two ceremonies have the same session.
type Session struct {
	// Chain binds the session to its chain.
	Chain protocol.Hash
	// Epoch numbers the ceremonies of a chain.
	Epoch uint64
	// Threshold is how many of the new shares will make a signature.
	Threshold int
	// Dealers are the beacon keys of the dealers: the members, or for a resharing the holders of the secret, in the order of their
	// shares.
	Dealers []PublicKey
	// Members are the beacon keys of the parties that get a share, in the order of their shares.
	Members []PublicKey
	// Old are the commitments of the sharing that the dealers hold; none if the secret is new.
	Old [][]byte
}

// ID returns the hash of all fields of the session.
func (s Session) ID() protocol.Hash {
	b := append([]byte("bitcraps/cerem/1"), s.Chain[:]...)
	b = binary.BigEndian.AppendUint64(b, s.Epoch)
	for _, n := range []int{s.Threshold, len(s.Dealers), len(s.Members), len(s.Old)} {
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	for _, keys := range [][]PublicKey{s.Dealers, s.Members} {
		for _, key := range keys {
			b = append(b, key[:]...)
		}
	}
	for _, commitment := range s.Old {
		b = append(b, commitment...)
	}
	return sha256.Sum256(b)
}

// RequiredDealers returns how many qualified dealers are required for a key: as many as shares make a signature, so that at least one of
// them is honest.
func (s Session) RequiredDealers() int {
	if s.resharing() {
		return len(s.Old)
	}
	return s.Threshold
}

func (s Session) resharing() bool { return len(s.Old) > 0 }

// checkDeal fails unless the deal is signed by the dealer and its polynomial is one that it may deal. Only the recipients can check the
// sealed values.
func (s Session) checkDeal(d Deal) error {
	if d.Session != s.ID() || d.Dealer >= len(s.Dealers) {
		return ErrUnexpected
	}
	if len(d.Commitments) != s.Threshold || len(d.Sealed) != len(s.Members) {
		return errors.New("dkg: the deal has another threshold or other members")
	}
	if err := s.Dealers[d.Dealer].Verify(digest(d.signBytes()), d.Signature); err != nil { // First, since it is the cheapest.
		return err
	}
	polynomial, err := d.polynomial()
	if err != nil {
		return err
	}
	if s.resharing() {
		old, err := parsePolynomial(s.Old)
		if err != nil {
			return err
		}
		if !old.Eval(uint32(d.Dealer)).V.Equal(polynomial.Commit()) {
			return errors.New("dkg: the dealer shares a value other than its share")
		}
	}
	return nil
}

// polynomial returns the committed polynomial of a deal.
func (d Deal) polynomial() (*share.PubPoly, error) {
	commitments := make([][]byte, len(d.Commitments))
	for i := range d.Commitments {
		commitments[i] = d.Commitments[i][:]
	}
	return parsePolynomial(commitments)
}

func parsePolynomial(commitments [][]byte) (*share.PubPoly, error) {
	points := make([]kyber.Point, len(commitments))
	for i, b := range commitments {
		var err error
		if points[i], err = parsePoint(b); err != nil {
			return nil, fmt.Errorf("dkg: commitment %d: %w", i, err)
		}
	}
	if points[0].Equal(suite.Point().Null()) { // The dealer would contribute nothing.
		return nil, errors.New("dkg: the first commitment is the point at infinity")
	}
	return share.NewPubPoly(suite, nil, points), nil
}

// checkShare fails unless a value is the polynomial's value at a member.
func checkShare(polynomial *share.PubPoly, member int, value kyber.Scalar) error {
	if !polynomial.Check(&share.PriShare{I: uint32(member), V: value}) {
		return fmt.Errorf("dkg: the share of member %d is not on the polynomial", member)
	}
	return nil
}
