// Package device is how a device proves that it is the one: by signing a challenge with its key, and by work, so that making
// players in great numbers costs something.
package device

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"math/bits"
	"time"

	"github.com/google/uuid"
)

var (
	// ErrNotFound is for a device that is not there.
	ErrNotFound = errors.New("device: not found")
	// ErrChallenge is for a challenge that is not ours, not for this key, over, or not signed.
	ErrChallenge = errors.New("device: the challenge was not made here for this key, is over, or its signature is wrong")
	// ErrWork is for too little work.
	ErrWork = errors.New("device: too little work")
)

// Device is a key that signs in as a player.
type Device struct {
	ID, Player uuid.UUID
	PublicKey  ed25519.PublicKey
	Client     string
	CreatedAt  time.Time
}

// Proof is a challenge that was met.
type Proof struct {
	PublicKey                   ed25519.PublicKey
	Challenge, Nonce, Signature []byte
}

// signed is what the device's key signs, or its work is about.
func (p Proof) signed(context string) []byte {
	message := append([]byte(context), 0)
	message = append(message, p.Challenge...)
	message = append(message, p.PublicKey...)
	return append(message, p.Nonce...)
}

// Message is what the device's key signs.
func (p Proof) Message() []byte { return p.signed("bitcraps device v1") }

// Work is how many leading zero bits the hash of the work has.
func (p Proof) Work() (zeros int) {
	for _, b := range sha256.Sum256(p.signed("bitcraps device work v1")) {
		zeros += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return zeros
}

// Check accepts a proof of a challenge that was sealed with one of the secrets and has not ended, and returns the challenge's hash,
// under which it must not be used again. What costs least is looked at first.
func (p Proof) Check(secrets [][]byte, now time.Time) (challenge Challenge, hash [sha256.Size]byte, err error) {
	challenge, ok := open(p.Challenge, p.PublicKey, secrets)
	switch {
	case !ok || now.After(challenge.Expires):
		return challenge, hash, ErrChallenge
	case p.Work() < challenge.Difficulty:
		return challenge, hash, ErrWork
	}
	if err := CheckKey(p.PublicKey); err != nil {
		return challenge, hash, err
	}
	if !ed25519.Verify(p.PublicKey, p.Message(), p.Signature) {
		return challenge, hash, ErrChallenge
	}
	return challenge, sha256.Sum256(p.Challenge), nil
}

// Tx is what a transaction does with devices. Every implementation passes the suite in internal/store/storetest.
type Tx interface {
	// AddDevice stores a new device; added is false where a device has its key.
	AddDevice(ctx context.Context, device Device) (added bool, err error)
	// DeviceByKey returns the device that has a public key, or ErrNotFound.
	DeviceByKey(ctx context.Context, key ed25519.PublicKey) (Device, error)
	// Devices returns a player's devices, the newest first.
	Devices(ctx context.Context, player uuid.UUID) ([]Device, error)
	// RemoveDevice forgets a device.
	RemoveDevice(ctx context.Context, id uuid.UUID) error
	// UseChallenge marks a challenge as used; fresh is false where it was.
	UseChallenge(ctx context.Context, hash [sha256.Size]byte, expires time.Time) (fresh bool, err error)
	// ForgetChallenges removes at most so many of the used challenges that expired before a time, and says how many.
	ForgetChallenges(ctx context.Context, before time.Time, most int) (forgotten int, err error)
}
