package device

import (
	"bytes"
	"crypto/ed25519"
	"errors"

	"filippo.io/edwards25519"
)

// ErrBadKey is for a public key that no correct implementation generates.
var ErrBadKey = errors.New("device: the public key is not a point of the Ed25519 group, is not its canonical form, or has a small order")

// CheckKey rejects public keys under which a signature proves nothing: signatures under points of small order can be forged, and a key
// with two encodings would be two devices.
func CheckKey(key ed25519.PublicKey) error {
	point, err := new(edwards25519.Point).SetBytes(key)
	if err != nil || !bytes.Equal(point.Bytes(), key) || new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return ErrBadKey
	}
	return nil
}
