// Package player is who plays, and the keys that prove it.
package player

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
)

// ErrNotFound is the stores' error for what is not there.
var ErrNotFound = errors.New("player: not found")

// Player is somebody who plays.
type Player struct {
	ID        uuid.UUID
	Kind      apiv1.PlayerKind
	CreatedAt time.Time
}

// Key is a key pair that access tokens are signed with.
type Key struct {
	ID        string
	Private   ed25519.PrivateKey
	CreatedAt time.Time
}

// KeyOf makes a key from what is stored of it. It fails where the seed is not one.
func KeyOf(id string, seed []byte, createdAt time.Time) (Key, error) {
	if len(seed) != ed25519.SeedSize {
		return Key{}, fmt.Errorf("signing key %s is damaged", id)
	}
	return Key{ID: id, Private: ed25519.NewKeyFromSeed(seed), CreatedAt: createdAt}, nil
}

// Store keeps players and keys. Every implementation passes the suite in internal/store/storetest.
type Store interface {
	// AddPlayer stores a new player.
	AddPlayer(ctx context.Context, player Player) error
	// Player returns a player, or ErrNotFound.
	Player(ctx context.Context, id uuid.UUID) (Player, error)
	// Keys returns every key, newest first.
	Keys(ctx context.Context) ([]Key, error)
	// AddFirstKey stores the key unless there is one already, whoever added it.
	AddFirstKey(ctx context.Context, key Key) error
}
