package postgres

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/signing"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres/db"
	"github.com/bitcraps/bitcraps/services/api/internal/store/row"
)

// AddPlayer implements player.Tx.
func (t Tx) AddPlayer(ctx context.Context, p player.Player) error {
	return t.exec().InsertPlayer(ctx, db.InsertPlayerParams{ID: p.ID, Kind: p.Kind, Role: p.Role, CreatedAt: micros.Of(p.CreatedAt)})
}

// Player implements player.Tx. A write transaction locks the row.
func (t Tx) Player(ctx context.Context, id uuid.UUID) (player.Player, error) {
	if t.write == nil {
		return t.PeekPlayer(ctx, id)
	}
	return onePlayer(fetch(ctx, t, func(q *db.Queries) (db.Player, error) { return q.PlayerForUpdate(ctx, id) }))
}

// PeekPlayer implements player.Tx.
func (t Tx) PeekPlayer(ctx context.Context, id uuid.UUID) (player.Player, error) {
	return onePlayer(fetch(ctx, t, func(q *db.Queries) (db.Player, error) { return q.Player(ctx, id) }))
}

func onePlayer(found db.Player, err error) (player.Player, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return player.Player{}, player.ErrNotFound
	}
	return row.Player(found).Player(), err
}

// SavePlayer implements player.Tx.
func (t Tx) SavePlayer(ctx context.Context, p player.Player) error {
	return t.exec().UpdatePlayer(ctx, p.Kind, p.Role, p.ID)
}

// Keys implements signing.Tx.
func (t Tx) Keys(ctx context.Context) ([]signing.Key, error) {
	if t.write != nil {
		if err := t.exec().LockSigningKeys(ctx); err != nil {
			return nil, err
		}
	}
	rows, err := fetch(ctx, t, func(q *db.Queries) ([]db.SigningKey, error) { return q.SigningKeys(ctx) })
	if err != nil {
		return nil, err
	}
	keys := make([]signing.Key, len(rows))
	for i, found := range rows {
		if keys[i], err = row.Key(found).Key(); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// AddKey implements signing.Tx.
func (t Tx) AddKey(ctx context.Context, key signing.Key) error {
	return t.exec().InsertSigningKey(ctx, db.InsertSigningKeyParams(row.OfKey(key)))
}

// RemoveKey implements signing.Tx.
func (t Tx) RemoveKey(ctx context.Context, id string) error {
	return t.exec().DeleteSigningKey(ctx, id)
}
