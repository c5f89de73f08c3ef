// Package postgres keeps players in PostgreSQL.
package postgres

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/libs/migrate"
	"github.com/bitcraps/bitcraps/libs/postgres"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres/db"
)

//go:embed migrations
var embedded embed.FS

var migrations = migrate.Postgres(embedded, "migrations")

// Store implements player.Store.
type Store struct{ db *postgres.DB }

// Open opens a migrated database with at most so many connections.
func Open(ctx context.Context, url string, connections int) (*Store, error) {
	opened, err := postgres.Open(ctx, url, postgres.Options{Connections: connections, Migrations: migrations})
	if err != nil {
		return nil, err
	}
	return &Store{opened}, nil
}

// Migrate brings the database to the schema that Open wants.
func Migrate(ctx context.Context, url string) error { return postgres.Migrate(ctx, url, migrations) }

// Close waits for what runs and closes every connection.
func (s *Store) Close() error { return s.db.Close() }

// AddPlayer implements player.Store.
func (s *Store) AddPlayer(ctx context.Context, p player.Player) error {
	return s.db.Write(ctx, func(tx *postgres.Tx) error {
		return db.New(tx.Later()).InsertPlayer(ctx, p.ID, p.Kind, p.CreatedAt.UnixMicro())
	})
}

// Player implements player.Store.
func (s *Store) Player(ctx context.Context, id uuid.UUID) (player.Player, error) {
	var row db.Player
	err := s.db.Read(ctx, func(on postgres.DBTX) (err error) {
		row, err = db.New(on).Player(ctx, id)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return player.Player{}, player.ErrNotFound
	}
	return player.Player{ID: row.ID, Kind: row.Kind, CreatedAt: time.UnixMicro(row.CreatedAt).UTC()}, err
}

// Keys implements player.Store.
func (s *Store) Keys(ctx context.Context) ([]player.Key, error) {
	var rows []db.SigningKey
	err := s.db.Read(ctx, func(on postgres.DBTX) (err error) {
		rows, err = db.New(on).SigningKeys(ctx)
		return err
	})
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

// AddFirstKey implements player.Store. Of replicas that start at once, one adds its key.
func (s *Store) AddFirstKey(ctx context.Context, key player.Key) error {
	return s.db.Write(ctx, func(tx *postgres.Tx) error {
		q := db.New(tx.Later())
		return errors.Join(q.LockSigningKeys(ctx), q.InsertFirstSigningKey(ctx, key.ID, key.Private.Seed(), key.CreatedAt.UnixMicro()))
	})
}
