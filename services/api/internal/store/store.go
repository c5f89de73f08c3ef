// Package store chooses the engine that keeps players.
package store

import (
	"context"
	"io"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres"
	"github.com/bitcraps/bitcraps/services/api/internal/store/sqlite"
)

// Store is an open player.Store.
type Store interface {
	player.Store
	io.Closer
}

// Open opens a migrated database.
func Open(ctx context.Context, database config.Database) (Store, error) {
	if path, ok := database.SQLite(); ok {
		return orNil(sqlite.Open(ctx, path, database.MaxConnections))
	}
	return orNil(postgres.Open(ctx, database.URL, database.MaxConnections))
}

// orNil keeps a failed engine from being a Store that is not nil.
func orNil[S Store](store S, err error) (Store, error) {
	if err != nil {
		return nil, err
	}
	return store, nil
}

// Migrate brings the database to the schema that Open wants.
func Migrate(ctx context.Context, database config.Database) error {
	if path, ok := database.SQLite(); ok {
		return sqlite.Migrate(ctx, path)
	}
	return postgres.Migrate(ctx, database.URL)
}
