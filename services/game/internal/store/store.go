// Package store chooses the engine that keeps games.
package store

import (
	"context"
	"io"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite"
)

// Store is an open play.Store.
type Store interface {
	play.Store
	// Lead reports whether this process is the one, of all on the database, that counts what is there.
	Lead(ctx context.Context) (bool, error)
	// Connections is how many are in use, and how many there may be.
	Connections() (inUse, limit int)
	io.Closer
}

// Open opens a migrated database.
func Open(ctx context.Context, database config.Database) (Store, error) {
	if path, ok := database.SQLite(); ok {
		return nilOnError(sqlite.Open(ctx, path, database.MaxConnections))
	}
	return nilOnError(postgres.Open(ctx, database.URL, database.MaxConnections))
}

// nilOnError keeps a failed engine from being a Store that is not nil.
func nilOnError[S Store](store S, err error) (Store, error) {
	if err != nil {
		return nil, err
	}
	return store, nil
}

// Migrate brings the database to the schema that Open wants, and returns the versions before and after.
func Migrate(ctx context.Context, database config.Database) (from, to int64, err error) {
	if path, ok := database.SQLite(); ok {
		return sqlite.Migrate(ctx, path)
	}
	return postgres.Migrate(ctx, database.URL)
}
