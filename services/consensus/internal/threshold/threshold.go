// Package threshold makes the beacon's signatures: each validator signs with its share of the group secret, and any
// threshold of shares give the one signature that the group key verifies. No smaller number gives anything.
//
// The scheme is threshold BLS (Boldyreva, PKC 2003) over BLS12-381 as package beacon describes it. The shares come from
// package dkg.
package threshold

import (
	"errors"
	"fmt"
	"slices"

	"go.dedis.ch/kyber/v4"
	"go.dedis.ch/kyber/v4/pairing/bls12381/gnark"
	"go.dedis.ch/kyber/v4/share"
	"go.dedis.ch/kyber/v4/sign/bls"

	"github.com/bitcraps/bitcraps/libs/beacon"
)

var suite = gnark.NewSuite()

// Public is what everybody knows of a sharing.
type Public struct {
	poly *share.PubPoly
	keys []kyber.Point // The public key of each share.
}

// Share is one validator's part of the group secret.
type Share struct {
	index  int
	secret kyber.Scalar
}

func newPublic(poly *share.PubPoly, n int) *Public {
	keys := make([]kyber.Point, n)
	for i := range keys {
		keys[i] = poly.Eval(uint32(i)).V
	}
	return &Public{poly: poly, keys: keys}
}

// Commitments are the points on G2 that define the sharing, compressed; the first is the group key.
func (p *Public) Commitments() [][]byte {
	_, points := p.poly.Info()
	out := make([][]byte, len(points))
	for i, point := range points {
		out[i] = mustMarshal(point)
	}
	return out
}

// ParsePublic reads the sharing among n that the commitments define.
func ParsePublic(commitments [][]byte, n int) (*Public, error) {
	if len(commitments) == 0 || len(commitments) > n {
		return nil, fmt.Errorf("threshold: %d of %d is no threshold", len(commitments), n)
	}
	if _, err := beacon.ParseKey(commitments[0]); err != nil {
		return nil, err
	}
	points := make([]kyber.Point, len(commitments))
	for i, b := range commitments {
		points[i] = suite.G2().Point()
		if err := points[i].UnmarshalBinary(b); err != nil {
			return nil, fmt.Errorf("threshold: commitment %d: %w", i, err)
		}
	}
	return newPublic(share.NewPubPoly(suite.G2(), nil, points), n), nil
}

// Threshold is how many shares make a signature.
func (p *Public) Threshold() int { return int(p.poly.Threshold()) }

// GroupKey is the compressed point on G2 that verifies the group's signatures.
func (p *Public) GroupKey() []byte { return mustMarshal(p.poly.Commit()) }

// Index is the share's place in the sharing, from 0.
func (s Share) Index() int { return s.index }

// MarshalBinary returns the secret itself: 32 bytes.
func (s Share) MarshalBinary() ([]byte, error) { return s.secret.MarshalBinary() }

// ParseShare reads a share and fails unless it belongs to the sharing.
func (p *Public) ParseShare(index int, secret []byte) (Share, error) {
	if index < 0 || index >= len(p.keys) {
		return Share{}, fmt.Errorf("threshold: share %d of %d", index, len(p.keys))
	}
	scalar := suite.G2().Scalar()
	if err := scalar.UnmarshalBinary(secret); err != nil {
		return Share{}, fmt.Errorf("threshold: share %d: %w", index, err)
	}
	if !suite.G2().Point().Mul(scalar, nil).Equal(p.keys[index]) {
		return Share{}, fmt.Errorf("threshold: share %d does not belong to this group key", index)
	}
	return Share{index: index, secret: scalar}, nil
}

// Sign returns the share's signature over a height: a compressed point on G1.
func (s Share) Sign(height int64) ([]byte, error) {
	return bls.NewSchemeOnG1(suite).Sign(s.secret, beacon.Message(height))
}

// VerifyShare fails unless the signature is the index-th share's over the height. It costs a pairing.
func (p *Public) VerifyShare(index int, height int64, signature []byte) error {
	if index < 0 || index >= len(p.keys) {
		return fmt.Errorf("threshold: share %d of %d", index, len(p.keys))
	}
	if len(signature) != beacon.SignatureSize {
		return fmt.Errorf("threshold: a share's signature has %d bytes, not %d", beacon.SignatureSize, len(signature))
	}
	return bls.NewSchemeOnG1(suite).Verify(p.keys[index], beacon.Message(height), signature)
}

// ErrTooFew means that the shares do not reach the threshold.
var ErrTooFew = errors.New("threshold: too few valid shares")

// Recover returns the group's signature over the height from the signatures of shares, by index. It first takes the
// shares as they are, which costs one pairing; only where the result is wrong does it look for the bad ones.
func (p *Public) Recover(height int64, signatures map[int][]byte) ([]byte, error) {
	points := make(map[int]kyber.Point, len(signatures))
	for index, signature := range signatures {
		point := suite.G1().Point()
		if index < 0 || index >= len(p.keys) || point.UnmarshalBinary(signature) != nil {
			continue
		}
		points[index] = point
	}
	signature, err := p.combine(height, points)
	if err == nil || errors.Is(err, ErrTooFew) {
		return signature, err
	}
	for index := range points {
		if p.VerifyShare(index, height, signatures[index]) != nil {
			delete(points, index)
		}
	}
	return p.combine(height, points)
}

func (p *Public) combine(height int64, points map[int]kyber.Point) ([]byte, error) {
	if len(points) < p.Threshold() {
		return nil, fmt.Errorf("%w: %d of %d", ErrTooFew, len(points), p.Threshold())
	}
	shares := make([]*share.PubShare, 0, len(points))
	for index, point := range points {
		shares = append(shares, &share.PubShare{I: uint32(index), V: point})
	}
	slices.SortFunc(shares, func(a, b *share.PubShare) int { return int(a.I) - int(b.I) })
	point, err := share.RecoverCommit(suite.G1(), shares, uint32(p.Threshold()), uint32(len(p.keys)))
	if err != nil {
		return nil, err
	}
	signature := mustMarshal(point)
	if err := bls.NewSchemeOnG1(suite).Verify(p.poly.Commit(), beacon.Message(height), signature); err != nil {
		return nil, err
	}
	return signature, nil
}

func mustMarshal(point kyber.Point) []byte {
	b, err := point.MarshalBinary()
	if err != nil {
		panic(fmt.Sprintf("threshold: marshal a point: %v", err)) // Writing to memory does not fail.
	}
	return b
}
