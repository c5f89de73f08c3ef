// Package sqlite keeps players in a SQLite file.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/migrate"
	"github.com/bitcraps/bitcraps/libs/sqlite"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/store/sqlite/db"
)

//go:embed migrations
var embedded embed.FS

var migrations = migrate.SQLite(embedded, "migrations")

// Store implements player.Store.
type Store struct{ *sqlite.Store[*db.Queries] }

// Open opens a migrated file with at most so many connections.
func Open(ctx context.Context, path string, connections int) (*Store, error) {
	store, err := sqlite.OpenStore(ctx, path, connections, migrations,
		func(ctx context.Context, file *sql.DB) (*db.Queries, error) { return db.Prepare(ctx, file) })
	return &Store{store}, err
}

// Migrate brings the file at path, which is made where it is missing, to the schema that Open wants.
func Migrate(ctx context.Context, path string) error { return sqlite.Migrate(ctx, path, migrations) }

// AddPlayer implements player.Store.
func (s *Store) AddPlayer(ctx context.Context, p player.Player) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		return s.Writing.WithTx(tx).InsertPlayer(ctx, p.ID, p.Kind, p.CreatedAt.UnixMicro())
	})
}

// Player implements player.Store.
func (s *Store) Player(ctx context.Context, id uuid.UUID) (player.Player, error) {
	row, err := s.Reading.Player(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return player.Player{}, player.ErrNotFound
	}
	return player.Player{ID: row.ID, Kind: row.Kind, CreatedAt: time.UnixMicro(row.CreatedAt).UTC()}, err
}

// Keys implements player.Store.
func (s *Store) Keys(ctx context.Context) ([]player.Key, error) {
	rows, err := s.Reading.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	keys := make([]player.Key, len(rows))
	for i, row := range rows {
		if keys[i], err = player.KeyOf(row.ID, row.Seed, time.UnixMicro(row.CreatedAt).UTC()); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// AddFirstKey implements player.Store.
func (s *Store) AddFirstKey(ctx context.Context, key player.Key) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		return s.Writing.WithTx(tx).InsertFirstSigningKey(ctx, key.ID, key.Private.Seed(), key.CreatedAt.UnixMicro())
	})
}
