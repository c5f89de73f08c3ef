package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres/db"
)

// AddDeletion implements player.Tx.
func (t Tx) AddDeletion(ctx context.Context, id uuid.UUID, at time.Time) error {
	return t.exec().InsertDeletion(ctx, id, micros.Of(at))
}

// Deletions implements player.Tx.
func (t Tx) Deletions(ctx context.Context, most int) ([]uuid.UUID, error) {
	return fetch(ctx, t, func(q *db.Queries) ([]uuid.UUID, error) { return q.Deletions(ctx, int32(most)) })
}

// RemoveDeletion implements player.Tx.
func (t Tx) RemoveDeletion(ctx context.Context, id uuid.UUID) error {
	return t.exec().DeleteDeletion(ctx, id)
}
