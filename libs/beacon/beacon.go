// Package beacon verifies the validators' randomness beacon. It uses drand's scheme bls-unchained-g1-rfc9380 with the block height
// in place of the round: BLS signatures on G1 of BLS12-381 with the group key on G2, hashing to the curve by RFC 9380 with the suite
// BLS12381G1_XMD:SHA-256_SSWU_RO_, and the message SHA-256(uint64be(height)).
package beacon

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"go.dedis.ch/kyber/v4"
	"go.dedis.ch/kyber/v4/pairing/bls12381/gnark"
	"go.dedis.ch/kyber/v4/sign/bls"
)

// Scheme is drand's name of the scheme.
const Scheme = "bls-unchained-g1-rfc9380"

const (
	// KeySize is the length of a group key in bytes: a compressed point on G2.
	KeySize = 96
	// SignatureSize is the length of a signature in bytes: a compressed point on G1.
	SignatureSize = 48
)

// Message returns the message that the validators sign for a height.
func Message(height int64) []byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(height)))
	return sum[:]
}

// Randomness derives the randomness from a beacon's signature: its SHA-256 hash.
func Randomness(signature []byte) [sha256.Size]byte { return sha256.Sum256(signature) }

// Key is a validator set's group key.
type Key struct{ point kyber.Point }

// ParseKey parses a compressed point on G2. It rejects points outside the right subgroup, and the point at infinity, for which a
// valid signature of every message is known.
func ParseKey(b []byte) (Key, error) {
	if len(b) != KeySize {
		return Key{}, fmt.Errorf("beacon: a group key has %d bytes, not %d", KeySize, len(b))
	}
	point := gnark.NewSuite().G2().Point()
	if err := point.UnmarshalBinary(b); err != nil {
		return Key{}, fmt.Errorf("beacon: group key: %w", err)
	}
	if point.Equal(gnark.NewSuite().G2().Point().Null()) {
		return Key{}, fmt.Errorf("beacon: the group key is the point at infinity")
	}
	return Key{point: point}, nil
}

// Verify returns an error unless the signature is the group's over the height.
func (k Key) Verify(height int64, signature []byte) error {
	if len(signature) != SignatureSize {
		return fmt.Errorf("beacon: a signature has %d bytes, not %d", SignatureSize, len(signature))
	}
	return bls.NewSchemeOnG1(gnark.NewSuite()).Verify(k.point, Message(height), signature)
}
