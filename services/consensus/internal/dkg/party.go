package dkg

import (
	"crypto/hkdf"
	"crypto/sha256"
	"maps"
	"slices"

	"go.dedis.ch/kyber/v4"
	"go.dedis.ch/kyber/v4/share"

	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// Party is a validator in a ceremony. Its messages follow from its key and the ceremony alone.
type Party struct {
	// Key is its beacon key.
	Key SecretKey
	// Share is its share of the secret that is reshared; nil if it has none, or if the secret is new.
	Share *threshold.Share
}

// Awaits reports whether the ceremony waits for a message from the key's holder.
func (c *Ceremony) Awaits(key PublicKey) bool {
	dealer, member := slices.Index(c.Session.Dealers, key), slices.Index(c.Session.Members, key)
	switch c.Phase {
	case Dealing:
		return dealer >= 0 && c.Deals[dealer] == nil
	case Responding:
		return member >= 0 && c.Responses[member] == nil
	case Justifying:
		return slices.Contains(c.accused(), dealer)
	}
	return false
}

// NextMessage returns the message that the ceremony waits for from the party; nil if it waits for none.
func (p Party) NextMessage(c *Ceremony) ([]byte, error) {
	key := p.Key.Public()
	if !c.Awaits(key) {
		return nil, nil
	}
	switch c.Phase {
	case Dealing:
		return p.deal(c.Session, slices.Index(c.Session.Dealers, key))
	case Responding:
		return p.respond(c, slices.Index(c.Session.Members, key))
	default:
		return p.justify(c, slices.Index(c.Session.Dealers, key))
	}
}

// polynomialInfo is the HKDF info string: it separates the coefficients from anything else that is derived from the key.
const polynomialInfo = "bitcraps/polynomial/v1"

// polynomial returns the polynomial that the party deals in a session. It is derived from the key, so that a validator that crashed can't
// deal two different ones. Anyone who learns the key could decrypt everything that the polynomial hides from the chain anyway.
func (p Party) polynomial(s Session) (*share.PriPoly, error) {
	const wide = 64 // Twice the length of the order, so that the reduced scalars are practically uniform.
	id, secret := s.ID(), mustMarshal(p.Key.scalar)
	stream, err := hkdf.Key(sha256.New, secret, id[:], polynomialInfo, wide*s.Threshold)
	if err != nil {
		return nil, err
	}
	coefficients := make([]kyber.Scalar, s.Threshold)
	for i := range coefficients {
		coefficients[i] = suite.Scalar().SetBytes(stream[i*wide : (i+1)*wide])
	}
	if !s.resharing() {
		return share.CoefficientsToPriPoly(suite, coefficients), nil
	}
	if p.Share == nil {
		return nil, ErrNoShare
	}
	b, err := p.Share.MarshalBinary()
	if err != nil {
		return nil, err
	}
	coefficients[0], err = parseScalar(b)
	return share.CoefficientsToPriPoly(suite, coefficients), err
}

func (p Party) deal(s Session, dealer int) ([]byte, error) {
	polynomial, err := p.polynomial(s)
	if err != nil {
		return nil, err
	}
	d := Deal{Session: s.ID(), Dealer: dealer}
	_, commitments := polynomial.Commit(nil).Info()
	for _, commitment := range commitments {
		d.Commitments = append(d.Commitments, [96]byte(mustMarshal(commitment)))
	}
	for i, member := range s.Members { // To itself too, so that the chain has everything that its share is made of.
		sealed, err := member.seal(polynomial.Eval(uint32(i)).V)
		if err != nil {
			return nil, err
		}
		d.Sealed = append(d.Sealed, sealed)
	}
	d.Signature, err = p.Key.Sign(digest(d.signBytes()))
	return d.Encode(), err
}

func (p Party) respond(c *Ceremony, member int) ([]byte, error) {
	r := Response{Session: c.Session.ID(), Member: member}
	for _, dealer := range slices.Sorted(maps.Keys(c.Deals)) {
		if _, err := c.unseal(p.Key, member, dealer); err != nil {
			r.Complaints = append(r.Complaints, dealer)
		}
	}
	var err error
	r.Signature, err = p.Key.Sign(digest(r.signBytes()))
	return r.Encode(), err
}

func (p Party) justify(c *Ceremony, dealer int) ([]byte, error) {
	polynomial, err := p.polynomial(c.Session)
	if err != nil {
		return nil, err
	}
	j := Justification{Session: c.Session.ID(), Dealer: dealer}
	for _, member := range c.complaints()[dealer] {
		j.Answers = append(j.Answers, Answer{Member: member, Share: mustMarshal(polynomial.Eval(uint32(member)).V)})
	}
	j.Signature, err = p.Key.Sign(digest(j.signBytes()))
	return j.Encode(), err
}
