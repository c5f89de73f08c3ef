// Package player provides players: their ids, kinds and roles, and the record of deletions.
package player

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// ErrNotFound is for a player who does not exist.
var ErrNotFound = errors.New("player: not found")

// Player is a player, or somebody to whom an operator gave another role.
type Player struct {
	ID        uuid.UUID
	Kind      apiv1.PlayerKind
	Role      optionsv1.Role
	CreatedAt time.Time
}

// Tx is what a transaction can do with players. Every implementation passes the suite in internal/store/storetest.
type Tx interface {
	// AddPlayer stores a new player.
	AddPlayer(ctx context.Context, player Player) error
	// Player returns a player, or ErrNotFound. A write transaction locks the player.
	Player(ctx context.Context, id uuid.UUID) (Player, error)
	// PeekPlayer is Player without the lock.
	PeekPlayer(ctx context.Context, id uuid.UUID) (Player, error)
	// SavePlayer stores a player's kind and role.
	SavePlayer(ctx context.Context, player Player) error
	// AddDeletion records the deletion of a player, of which the game service has to be informed.
	AddDeletion(ctx context.Context, id uuid.UUID, at time.Time) error
	// Deletions returns up to most recorded deletions, the oldest first.
	Deletions(ctx context.Context, most int) ([]uuid.UUID, error)
	// RemoveDeletion removes the record once the game service has been informed.
	RemoveDeletion(ctx context.Context, id uuid.UUID) error
}
