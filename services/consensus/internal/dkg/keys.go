package dkg

import (
	"bytes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"go.dedis.ch/kyber/v4"
	"go.dedis.ch/kyber/v4/encrypt/ecies"
	"go.dedis.ch/kyber/v4/pairing/bls12381/gnark"
	"go.dedis.ch/kyber/v4/sign/schnorr"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/protocol"
)

// suite has its points on G2, where the commitments of a sharing are. Beacon keys are on G2 too, as in drand.
var suite = gnark.NewSuiteBLS12381()

// Lengths in bytes.
const (
	secretSize    = 32
	signatureSize = 128 // A point on G2 and a scalar.
	sealedSize    = 144 // A point on G2, a scalar, and the tag of AES-GCM.
)

// PublicKey is the public half of a validator's beacon key: others encrypt its shares to it, and it authenticates its messages in a
// ceremony. It is a compressed point on G2.
type PublicKey protocol.Point

// ParsePublicKey decodes a beacon key. It rejects everything but points of the prime-order subgroup other than infinity.
func ParsePublicKey(b []byte) (PublicKey, error) {
	if _, err := beacon.ParseKey(b); err != nil {
		return PublicKey{}, fmt.Errorf("beacon key: %w", err)
	}
	return PublicKey(b), nil
}

// MarshalText implements encoding.TextMarshaler: hex.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(k[:])), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *PublicKey) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("beacon key: %w", err)
	}
	*k, err = ParsePublicKey(b)
	return err
}

// Verify fails unless the signature is the key's over the message. kyber reduces a scalar modulo the group's order, so signatures would be
// malleable: anyone could make a second encoding of one, and so of the signed message.
func (k PublicKey) Verify(message, signature []byte) error {
	if len(signature) != signatureSize {
		return errors.New("dkg: the signature has a wrong length")
	}
	if _, err := parseScalar(signature[signatureSize-secretSize:]); err != nil {
		return fmt.Errorf("dkg: signature: %w", err)
	}
	return schnorr.VerifyWithChecks(suite, k[:], message, signature)
}

func (k PublicKey) point() (kyber.Point, error) { return parsePoint(k[:]) }

// SecretKey is a validator's beacon key. Anyone who has it can decrypt the validator's share from the chain.
type SecretKey struct{ scalar kyber.Scalar }

// NewSecretKey generates a beacon key.
func NewSecretKey(random cipher.Stream) SecretKey {
	return SecretKey{scalar: suite.Scalar().Pick(random)}
}

// ParseSecretKey is the inverse of MarshalBinary.
func ParseSecretKey(b []byte) (SecretKey, error) {
	scalar, err := parseScalar(b)
	if err != nil {
		return SecretKey{}, fmt.Errorf("beacon key: %w", err)
	}
	if scalar.Equal(suite.Scalar().Zero()) {
		return SecretKey{}, errors.New("beacon key: it is zero")
	}
	return SecretKey{scalar: scalar}, nil
}

// MarshalBinary returns the secret itself: 32 bytes.
func (k SecretKey) MarshalBinary() ([]byte, error) { return k.scalar.MarshalBinary() }

// Public returns the key's public half.
func (k SecretKey) Public() PublicKey {
	return PublicKey(mustMarshal(suite.Point().Mul(k.scalar, nil)))
}

// Sign signs a message: Schnorr on G2.
func (k SecretKey) Sign(message []byte) ([]byte, error) {
	return schnorr.Sign(suite, k.scalar, message)
}

// seal encrypts a share to the key.
func (k PublicKey) seal(value kyber.Scalar) ([]byte, error) {
	point, err := k.point()
	if err != nil {
		return nil, err
	}
	return ecies.Encrypt(suite, point, mustMarshal(value), sha256.New)
}

func (k SecretKey) unseal(sealed []byte) (kyber.Scalar, error) {
	b, err := ecies.Decrypt(suite, k.scalar, sealed, sha256.New)
	if err != nil {
		return nil, err
	}
	return parseScalar(b)
}

func parsePoint(b []byte) (kyber.Point, error) {
	point := suite.Point()
	return point, point.UnmarshalBinary(b)
}

// parseScalar decodes a scalar in its canonical form.
func parseScalar(b []byte) (kyber.Scalar, error) {
	scalar := suite.Scalar()
	if err := scalar.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	if !bytes.Equal(mustMarshal(scalar), b) {
		return nil, errors.New("not a scalar")
	}
	return scalar, nil
}

func mustMarshal(m kyber.Marshaling) []byte {
	b, err := m.MarshalBinary()
	if err != nil {
		panic(fmt.Sprintf("dkg: marshal: %v", err)) // Writing to memory does not fail.
	}
	return b
}
