// Package signing provides the keys that sign access tokens, and the schedule by which they are rotated.
package signing

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"
)

// Key is a key pair that access tokens are signed with.
type Key struct {
	ID        string
	Private   ed25519.PrivateKey
	CreatedAt time.Time
	// SignsFrom is when the key begins to sign. Until then it is only published.
	SignsFrom time.Time
	// TokenLife is the longest lifetime of anything that the key signs or seals.
	TokenLife time.Duration
}

// KeyOf makes a key from its stored fields. It fails if the seed has the wrong length.
func KeyOf(id string, seed []byte, createdAt, signsFrom time.Time, tokenLife time.Duration) (Key, error) {
	if len(seed) != ed25519.SeedSize {
		return Key{}, fmt.Errorf("signing key %s is damaged", id)
	}
	return Key{ID: id, Private: ed25519.NewKeyFromSeed(seed), CreatedAt: createdAt, SignsFrom: signsFrom, TokenLife: tokenLife}, nil
}

// Life is the lifetime of a token that is wanted for so long: at most TokenLife, since the key is removed once its last token could
// have expired. A longer lifetime takes effect with the next key.
func (k Key) Life(wanted time.Duration) time.Duration { return min(wanted, k.TokenLife) }

// Tx is what a transaction does with keys. Every implementation passes the suite in internal/store/storetest.
type Tx interface {
	// Keys returns every key, newest first. If the transaction writes, others that do the same wait for its end.
	Keys(ctx context.Context) ([]Key, error)
	// AddKey stores a new key.
	AddKey(ctx context.Context, key Key) error
	// RemoveKey deletes a key.
	RemoveKey(ctx context.Context, id string) error
}

const (
	// Lead is how long a key is published before it signs: longer than verifiers of tokens cache the key set, and than replicas take
	// to notice a new key.
	Lead = 15 * time.Minute
	// skew is how far the clocks of replicas may differ.
	skew = time.Minute
)

// Due returns what has to change: whether a new key is due and from when it signs, and which keys are retired because nothing that
// they signed can still be valid. keys is the whole set, newest first; life is how long each key signs.
func Due(keys []Key, now time.Time, life time.Duration) (due bool, signsFrom time.Time, retired []string) {
	if len(keys) == 0 {
		return true, now, nil
	}
	for i, key := range keys[1:] {
		successor := keys[i]
		if now.After(successor.SignsFrom.Add(key.TokenLife + skew)) {
			retired = append(retired, key.ID)
		}
	}
	signsFrom = keys[0].SignsFrom.Add(life)
	if signsFrom.Before(now.Add(Lead)) {
		return true, now.Add(Lead), retired
	}
	return false, time.Time{}, retired
}

// Signer returns the key that signs at a time; ok is false if there is none. keys are ordered newest first.
func Signer(keys []Key, now time.Time) (key Key, ok bool) {
	for _, key := range keys {
		if !key.SignsFrom.After(now) {
			return key, true
		}
	}
	return Key{}, false
}
