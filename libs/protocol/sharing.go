package protocol

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

const (
	sharingTag = "bitcraps/share/1"
	// sharingHeader is the length of an encoded sharing before its commitments.
	sharingHeader = 28
	// MaxMembers bounds the validators that hold shares.
	MaxMembers = 128
)

// Point is a compressed point on G2 of BLS12-381. This package treats it as bytes; package beacon checks that it is a point.
type Point = [96]byte

// Address names a validator: the first 20 bytes of the SHA-256 hash of its public key.
type Address = [20]byte

// Sharing states which validator holds which share of the beacon's secret. The validators put it on the chain after the distributed key
// generation, and again after each resharing.
type Sharing struct {
	// Epoch numbers the sharings of a chain in ascending order.
	Epoch uint64
	// Commitments are the commitments to the coefficients of the sharing polynomial. The first is the group key; their number is the
	// threshold.
	Commitments []Point
	// Members are the holders in the order of their shares. No validator holds two shares.
	Members []Address
}

// Threshold returns how many shares make a signature.
func (s Sharing) Threshold() int { return len(s.Commitments) }

// GroupKey returns the key that verifies the beacon. Resharing does not change it.
func (s Sharing) GroupKey() Point { return s.Commitments[0] }

// Encode returns the canonical encoding.
func (s Sharing) Encode() []byte {
	b := make([]byte, 0, sharingHeader+len(s.Commitments)*len(Point{})+len(s.Members)*len(Address{}))
	b = append(b, sharingTag...)
	b = binary.BigEndian.AppendUint64(b, s.Epoch)
	b = binary.BigEndian.AppendUint16(b, uint16(len(s.Commitments)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(s.Members)))
	for _, point := range s.Commitments {
		b = append(b, point[:]...)
	}
	for _, address := range s.Members {
		b = append(b, address[:]...)
	}
	return b
}

// DecodeSharing is the inverse of Encode. It accepts only what Encode returns for a sharing with at least one commitment, at least as
// many members, at most MaxMembers of these, and none twice.
func DecodeSharing(b []byte) (Sharing, error) {
	if len(b) < sharingHeader || string(b[:16]) != sharingTag {
		return Sharing{}, fmt.Errorf("%w: a sharing begins with %q and has at least %d bytes", ErrMalformed, sharingTag, sharingHeader)
	}
	threshold, members := int(binary.BigEndian.Uint16(b[24:26])), int(binary.BigEndian.Uint16(b[26:28]))
	if threshold < 1 || threshold > members || members > MaxMembers {
		return Sharing{}, fmt.Errorf("%w: a sharing among %d with the threshold %d", ErrMalformed, members, threshold)
	}
	size := sharingHeader + threshold*len(Point{}) + members*len(Address{})
	if len(b) != size {
		return Sharing{}, fmt.Errorf("%w: this sharing has %d bytes, not %d", ErrMalformed, size, len(b))
	}
	s := Sharing{Epoch: binary.BigEndian.Uint64(b[16:24]), Commitments: make([]Point, threshold), Members: make([]Address, members)}
	rest := b[sharingHeader:]
	for i := range s.Commitments {
		rest = rest[copy(s.Commitments[i][:], rest):]
	}
	seen := make(map[Address]bool, members)
	for i := range s.Members {
		rest = rest[copy(s.Members[i][:], rest):]
		if seen[s.Members[i]] {
			return Sharing{}, fmt.Errorf("%w: member %x holds two shares", ErrMalformed, s.Members[i])
		}
		seen[s.Members[i]] = true
	}
	return s, nil
}

// Hash returns the SHA-256 hash of the encoding, which is also the hash of the chain's transaction.
func (s Sharing) Hash() Hash { return sha256.Sum256(s.Encode()) }
