// Package store opens the database of games with the engine that its URL selects: PostgreSQL or SQLite.
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
	// Lead reports whether this process is the leader among all processes on the database, which is the one that takes the census.
	Lead(ctx context.Context) (bool, error)
	// Connections returns the number of connections in use, and the limit.
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

// nilOnError keeps a nil *Store of a failed engine from becoming a Store that is not nil.
func nilOnError[S Store](store S, err error) (Store, error) {
	if err != nil {
		return nil, err
	}
	return store, nil
}

// Migrate migrates the database to the schema that Open needs, and returns the versions before and after.
func Migrate(ctx context.Context, database config.Database) (from, to int64, err error) {
	if path, ok := database.SQLite(); ok {
		return sqlite.Migrate(ctx, path)
	}
	return postgres.Migrate(ctx, database.URL)
}
