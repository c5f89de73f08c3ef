// Package store opens the service's database with the engine that its URL names, SQLite or PostgreSQL.
package store

import (
	"context"
	"io"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/device"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
	"github.com/bitcraps/bitcraps/services/api/internal/signing"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres"
	"github.com/bitcraps/bitcraps/services/api/internal/store/sqlite"
)

// Tx is a transaction.
type Tx interface {
	player.Tx
	session.Tx
	signing.Tx
	device.Tx
	account.Tx
}

// Store is an open database. Every implementation passes the suite in storetest.
type Store interface {
	// Read runs f, which must not write. Each of its statements sees the latest commit.
	Read(ctx context.Context, f func(Tx) error) error
	// Write runs f in a transaction and commits when it returns nil. It may run f more than once, so f must start from scratch.
	Write(ctx context.Context, f func(Tx) error) error
	// Connections returns how many connections are in use, and the limit.
	Connections() (inUse, limit int)
	io.Closer
}

// engine is a Store whose transactions have the engine's own type.
type engine[T Tx] interface {
	Read(ctx context.Context, f func(T) error) error
	Write(ctx context.Context, f func(T) error) error
	Connections() (inUse, limit int)
	io.Closer
}

// adapter makes an engine a Store.
type adapter[T Tx] struct{ engine[T] }

// Read implements Store.
func (o adapter[T]) Read(ctx context.Context, f func(Tx) error) error {
	return o.engine.Read(ctx, func(tx T) error { return f(tx) })
}

// Write implements Store.
func (o adapter[T]) Write(ctx context.Context, f func(Tx) error) error {
	return o.engine.Write(ctx, func(tx T) error { return f(tx) })
}

// Open opens a migrated database.
func Open(ctx context.Context, database config.Database) (Store, error) {
	if path, ok := database.SQLite(); ok {
		file, err := sqlite.Open(ctx, path, database.MaxConnections)
		if err != nil {
			return nil, err
		}
		return adapter[sqlite.Tx]{file}, nil
	}
	server, err := postgres.Open(ctx, database.URL, database.MaxConnections)
	if err != nil {
		return nil, err
	}
	return adapter[postgres.Tx]{server}, nil
}

// Migrate migrates the database to the schema that Open requires, and returns the versions before and after.
func Migrate(ctx context.Context, database config.Database) (from, to int64, err error) {
	if path, ok := database.SQLite(); ok {
		return sqlite.Migrate(ctx, path)
	}
	return postgres.Migrate(ctx, database.URL)
}
