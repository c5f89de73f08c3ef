// Package device verifies the proof by which a device signs in: a signature of its key over a challenge, and proof of work, so that
// creating players in great numbers has a cost.
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
	// ErrNotFound is for a device that does not exist.
	ErrNotFound = errors.New("device: not found")
	// ErrChallenge is for a challenge that we did not issue, that is for another key, has expired, or is not signed.
	ErrChallenge = errors.New("device: the challenge was not issued here for this key, has expired, or its signature is wrong")
	// ErrWork is for insufficient proof of work.
	ErrWork = errors.New("device: insufficient proof of work")
)

// Device is a device with a key by which it signs in as a player.
type Device struct {
	ID, Player uuid.UUID
	PublicKey  ed25519.PublicKey
	Client     string
	CreatedAt  time.Time
}

// Proof is a device's answer to a challenge.
type Proof struct {
	PublicKey                   ed25519.PublicKey
	Challenge, Nonce, Signature []byte
}

// signed is the message that the device's key signs, or that its work hashes, depending on the context.
func (p Proof) signed(context string) []byte {
	message := append([]byte(context), 0)
	message = append(message, p.Challenge...)
	message = append(message, p.PublicKey...)
	return append(message, p.Nonce...)
}

// Message is the message that the device's key signs.
func (p Proof) Message() []byte { return p.signed("bitcraps device v1") }

// Work is how many leading zero bits the hash of the proof of work has.
func (p Proof) Work() (zeros int) {
	for _, b := range sha256.Sum256(p.signed("bitcraps device work v1")) {
		zeros += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return zeros
}

// Check verifies a proof of an unexpired challenge that was sealed with one of the secrets. It returns the challenge and its hash, by
// which the caller must reject a second use. The cheapest checks run first.
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

// Tx is what a transaction can do with devices. Every implementation passes the suite in internal/store/storetest.
type Tx interface {
	// AddDevice stores a new device; added is false if another device has its key.
	AddDevice(ctx context.Context, device Device) (added bool, err error)
	// DeviceByKey returns the device that has a public key, or ErrNotFound.
	DeviceByKey(ctx context.Context, key ed25519.PublicKey) (Device, error)
	// Devices returns a player's devices, the newest first.
	Devices(ctx context.Context, player uuid.UUID) ([]Device, error)
	// RemoveDevice deletes a device.
	RemoveDevice(ctx context.Context, id uuid.UUID) error
	// UseChallenge marks a challenge as used; fresh is false if it was used before.
	UseChallenge(ctx context.Context, hash [sha256.Size]byte, expires time.Time) (fresh bool, err error)
	// PruneChallenges deletes at most so many of the used challenges that expired before a time, and returns how many it deleted.
	PruneChallenges(ctx context.Context, before time.Time, most int) (pruned int, err error)
}
