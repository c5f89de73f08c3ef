// Package signing is the keys that access tokens are signed with, and when one takes over from another.
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
	// SignsFrom is when it begins to sign. Until then it is only published.
	SignsFrom time.Time
	// TokenLife is how long lives at most what it signs or seals.
	TokenLife time.Duration
}

// KeyOf makes a key from what is stored of it. It fails where the seed is not one.
func KeyOf(id string, seed []byte, createdAt, signsFrom time.Time, tokenLife time.Duration) (Key, error) {
	if len(seed) != ed25519.SeedSize {
		return Key{}, fmt.Errorf("signing key %s is damaged", id)
	}
	return Key{ID: id, Private: ed25519.NewKeyFromSeed(seed), CreatedAt: createdAt, SignsFrom: signsFrom, TokenLife: tokenLife}, nil
}

// Life is how long a token lives that is wanted for so long. The key is gone when its last one could have ended, so a longer life waits
// for the next key.
func (k Key) Life(wanted time.Duration) time.Duration { return min(wanted, k.TokenLife) }

// Tx is what a transaction does with keys. Every implementation passes the suite in internal/store/storetest.
type Tx interface {
	// Keys returns every key, newest first. Where the transaction writes, others that do the same wait for its end.
	Keys(ctx context.Context) ([]Key, error)
	// AddKey stores a new key.
	AddKey(ctx context.Context, key Key) error
	// RemoveKey forgets a key.
	RemoveKey(ctx context.Context, id string) error
}

const (
	// Lead is how long a key is published before it signs: longer than anyone who checks tokens believes older keys to be
	// all, and than replicas take to notice.
	Lead = 15 * time.Minute
	// skew is how far clocks may be apart.
	skew = time.Minute
)

// Due returns what has to change: whether a key is missing and from when it signs, and which keys have signed nothing that
// could still be good. keys are all there are, newest first; a key signs for its life.
func Due(keys []Key, now time.Time, life time.Duration) (missing bool, signsFrom time.Time, gone []string) {
	if len(keys) == 0 {
		return true, now, nil
	}
	for i, key := range keys[1:] {
		successor := keys[i]
		if now.After(successor.SignsFrom.Add(key.TokenLife + skew)) {
			gone = append(gone, key.ID)
		}
	}
	signsFrom = keys[0].SignsFrom.Add(life)
	if signsFrom.Before(now.Add(Lead)) {
		return true, now.Add(Lead), gone
	}
	return false, time.Time{}, gone
}

// Signer returns the key that signs at a time, of keys that are newest first; ok is false where there is none.
func Signer(keys []Key, now time.Time) (key Key, ok bool) {
	for _, key := range keys {
		if !key.SignsFrom.After(now) {
			return key, true
		}
	}
	return Key{}, false
}
