// Package dkg makes the beacon's secret without anybody ever having it: the distributed key generation of Pedersen
// (Eurocrypt 1991; Gennaro and others, J. Cryptology 2007) and, where the validators change, the resharing of the same
// secret (Desmedt and Jajodia 1997), over a channel that shows everybody the same messages in the same order: the chain.
//
// Everybody who reads the chain computes the same outcome, whether it takes part or not. So the rules are functions of
// the messages, and what a validator must say is a function of its beacon key and the messages. A validator remembers
// nothing: one that crashed says the same again, and reads its share out of the messages with its key.
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

// Session says who makes which key. No two ceremonies have the same.
type Session struct {
	// Chain binds the session to its chain.
	Chain protocol.Hash
	// Epoch numbers the ceremonies of a chain.
	Epoch uint64
	// Threshold is how many of the new shares will make a signature.
	Threshold int
	// Dealers are the beacon keys of those who deal: the members, or where a secret is shared anew its holders, in the
	// order of their shares.
	Dealers []PublicKey
	// Members are the beacon keys of those who get a share, in the order of their shares.
	Members []PublicKey
	// Old are the commitments of the sharing that the dealers have; none where the secret is new.
	Old [][]byte
}

// ID is the hash of all that a session says.
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

// Needed is how many qualified dealers make a key: as many as shares make a signature, so that there are always honest
// ones among them.
func (s Session) RequiredDealers() int {
	if s.resharing() {
		return len(s.Old)
	}
	return s.Threshold
}

func (s Session) resharing() bool { return len(s.Old) > 0 }

// checkDeal fails unless the deal is the dealer's and its polynomial is one that it may deal. What it sealed, only those
// can tell for whom.
func (s Session) checkDeal(d Deal) error {
	if d.Session != s.ID() || d.Dealer >= len(s.Dealers) {
		return ErrUnexpected
	}
	if len(d.Commitments) != s.Threshold || len(d.Sealed) != len(s.Members) {
		return errors.New("dkg: the deal has another threshold or other members")
	}
	if err := s.Dealers[d.Dealer].Verify(digest(d.signBytes()), d.Signature); err != nil { // First: it costs the least.
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
			return errors.New("dkg: the dealer shares something else than its share")
		}
	}
	return nil
}

// polynomial is that of a deal.
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
	if points[0].Equal(suite.Point().Null()) { // A dealer that adds nothing.
		return nil, errors.New("dkg: the first commitment is the point at infinity")
	}
	return share.NewPubPoly(suite, nil, points), nil
}

// fits fails unless a value is a polynomial's at a member.
func checkShare(polynomial *share.PubPoly, member int, value kyber.Scalar) error {
	if !polynomial.Check(&share.PriShare{I: uint32(member), V: value}) {
		return fmt.Errorf("dkg: the share of member %d is not on the polynomial", member)
	}
	return nil
}
