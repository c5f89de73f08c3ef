package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/signing"
	"github.com/bitcraps/bitcraps/services/api/internal/store/row"
	"github.com/bitcraps/bitcraps/services/api/internal/store/sqlite/db"
)

// AddPlayer implements player.Tx.
func (t Tx) AddPlayer(ctx context.Context, p player.Player) error {
	return t.q.InsertPlayer(ctx, db.InsertPlayerParams{ID: p.ID, Kind: p.Kind, Role: p.Role, CreatedAt: micros.Of(p.CreatedAt)})
}

// Player implements player.Tx.
func (t Tx) Player(ctx context.Context, id uuid.UUID) (player.Player, error) {
	found, err := t.q.Player(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return player.Player{}, player.ErrNotFound
	}
	return row.Player(found).Player(), err
}

// PeekPlayer implements player.Tx.
func (t Tx) PeekPlayer(ctx context.Context, id uuid.UUID) (player.Player, error) {
	return t.Player(ctx, id)
}

// SavePlayer implements player.Tx.
func (t Tx) SavePlayer(ctx context.Context, p player.Player) error {
	return t.q.UpdatePlayer(ctx, p.Kind, p.Role, p.ID)
}

// Keys implements signing.Tx.
func (t Tx) Keys(ctx context.Context) ([]signing.Key, error) {
	rows, err := t.q.SigningKeys(ctx)
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
	return t.q.InsertSigningKey(ctx, db.InsertSigningKeyParams(row.OfKey(key)))
}

// RemoveKey implements signing.Tx.
func (t Tx) RemoveKey(ctx context.Context, id string) error { return t.q.DeleteSigningKey(ctx, id) }
