package dkg

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"go.dedis.ch/kyber/v4"
	"go.dedis.ch/kyber/v4/share"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// Public returns the public part of the sharing that a ceremony made.
func (c *Ceremony) Public() (*threshold.Public, error) {
	if c.Phase != Done {
		return nil, fmt.Errorf("dkg: the ceremony is %s", c.Phase)
	}
	qualified := c.Qualified()
	h := sha256.New()
	for _, dealer := range qualified {
		h.Write(c.Deals[dealer]) // Its length is determined by the session.
	}
	return c.cache.outcome(protocol.Hash(h.Sum(nil)), func() (*threshold.Public, error) { return c.sum(qualified) })
}

// sum computes the sharing from the qualified dealers' polynomials.
func (c *Ceremony) sum(qualified []int) (*threshold.Public, error) {
	deals := make([][]kyber.Point, len(qualified))
	for i, dealer := range qualified {
		for _, commitment := range c.deal(dealer).Commitments {
			point, err := parsePoint(commitment[:])
			if err != nil {
				return nil, err
			}
			deals[i] = append(deals[i], point)
		}
	}
	commitments := make([][]byte, c.Session.Threshold)
	for k := range commitments {
		points := make([]kyber.Point, len(deals))
		for i := range deals {
			points[i] = deals[i][k]
		}
		point, err := c.combinePoints(qualified, points)
		if err != nil {
			return nil, err
		}
		commitments[k] = mustMarshal(point)
	}
	return threshold.ParsePublic(commitments, len(c.Session.Members))
}

// combinePoints returns the sum of the dealers' points; for a resharing, their interpolation at zero.
func (c *Ceremony) combinePoints(dealers []int, points []kyber.Point) (kyber.Point, error) {
	if c.Session.resharing() {
		shares := make([]*share.PubShare, len(points))
		for i, dealer := range dealers {
			shares[i] = &share.PubShare{I: uint32(dealer), V: points[i]}
		}
		return share.RecoverCommit(suite, shares, uint32(c.Session.RequiredDealers()), uint32(len(c.Session.Dealers)))
	}
	sum := suite.Point().Null()
	for _, point := range points {
		sum = sum.Add(sum, point)
	}
	return sum, nil
}

// combineScalars does the same with the values that the dealers gave to one member.
func (c *Ceremony) combineScalars(dealers []int, values []kyber.Scalar) (kyber.Scalar, error) {
	if c.Session.resharing() {
		shares := make([]*share.PriShare, len(values))
		for i, dealer := range dealers {
			shares[i] = &share.PriShare{I: uint32(dealer), V: values[i]}
		}
		return share.RecoverSecret(suite, shares, uint32(c.Session.RequiredDealers()), uint32(len(c.Session.Dealers)))
	}
	sum := suite.Scalar().Zero()
	for _, value := range values {
		sum = sum.Add(sum, value)
	}
	return sum, nil
}

// ErrNoShare means that a member got an invalid share and did not complain in time. It can neither sign nor deal until the others have
// reshared the secret.
var ErrNoShare = errors.New("dkg: this member has no valid share")

// Share decrypts a member's share from a completed ceremony.
func (c *Ceremony) Share(key SecretKey, member int) (threshold.Share, error) {
	public, err := c.Public()
	if err != nil {
		return threshold.Share{}, err
	}
	qualified := c.Qualified()
	values := make([]kyber.Scalar, len(qualified))
	for i, dealer := range qualified {
		if values[i], err = c.dealtValue(key, member, dealer); err != nil {
			return threshold.Share{}, fmt.Errorf("%w: dealer %d: %w", ErrNoShare, dealer, err)
		}
	}
	value, err := c.combineScalars(qualified, values)
	if err != nil {
		return threshold.Share{}, err
	}
	return public.ParseShare(member, mustMarshal(value))
}

// dealtValue returns the value that a dealer gave to a member: encrypted in the deal, or in the answer to the member's complaint.
func (c *Ceremony) dealtValue(key SecretKey, member, dealer int) (kyber.Scalar, error) {
	if j, err := DecodeJustification(c.Justifications[dealer]); err == nil {
		for _, answer := range j.Answers {
			if answer.Member == member {
				return parseScalar(answer.Share)
			}
		}
	}
	return c.unseal(key, member, dealer)
}

// unseal decrypts the value that a dealer sealed for a member, and fails unless it is on the dealer's polynomial.
func (c *Ceremony) unseal(key SecretKey, member, dealer int) (kyber.Scalar, error) {
	d := c.deal(dealer)
	value, err := key.unseal(d.Sealed[member])
	if err != nil {
		return nil, err
	}
	polynomial, err := d.polynomial()
	if err != nil {
		return nil, err
	}
	return value, checkShare(polynomial, member, value)
}
