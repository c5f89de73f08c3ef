// Package player is who plays.
package player

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// ErrNotFound is the stores' error for a player who is not there.
var ErrNotFound = errors.New("player: not found")

// Player is somebody who plays, or whom the operator gave another role.
type Player struct {
	ID        uuid.UUID
	Kind      apiv1.PlayerKind
	Role      optionsv1.Role
	CreatedAt time.Time
}

// Tx is what a transaction does with players. Every implementation passes the suite in internal/store/storetest.
type Tx interface {
	// AddPlayer stores a new player.
	AddPlayer(ctx context.Context, player Player) error
	// Player returns a player, or ErrNotFound. Where the transaction writes, others that read it wait for its end.
	Player(ctx context.Context, id uuid.UUID) (Player, error)
	// PeekPlayer returns what Player does, and has nobody wait.
	PeekPlayer(ctx context.Context, id uuid.UUID) (Player, error)
	// SavePlayer stores a player's kind and role.
	SavePlayer(ctx context.Context, player Player) error
	// AddDeletion notes a deleted player of whom the tables have not heard.
	AddDeletion(ctx context.Context, id uuid.UUID, at time.Time) error
	// Deletions returns up to most of them, the oldest first.
	Deletions(ctx context.Context, most int) ([]uuid.UUID, error)
	// RemoveDeletion notes that the tables have heard.
	RemoveDeletion(ctx context.Context, id uuid.UUID) error
}
