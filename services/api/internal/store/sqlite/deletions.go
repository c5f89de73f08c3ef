package sqlite

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
)

// AddDeletion implements player.Tx.
func (t Tx) AddDeletion(ctx context.Context, id uuid.UUID, at time.Time) error {
	return t.q.InsertDeletion(ctx, id, micros.Of(at))
}

// Deletions implements player.Tx.
func (t Tx) Deletions(ctx context.Context, most int) ([]uuid.UUID, error) {
	return t.q.Deletions(ctx, int64(most))
}

// RemoveDeletion implements player.Tx.
func (t Tx) RemoveDeletion(ctx context.Context, id uuid.UUID) error {
	return t.q.DeleteDeletion(ctx, id)
}
