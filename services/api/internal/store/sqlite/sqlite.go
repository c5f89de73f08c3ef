// Package sqlite implements the store in a SQLite file.
package sqlite

import (
	"context"
	"database/sql"
	"embed"

	"github.com/bitcraps/bitcraps/libs/migrate"
	"github.com/bitcraps/bitcraps/libs/sqlite"
	"github.com/bitcraps/bitcraps/services/api/internal/store/sqlite/db"
)

//go:embed migrations
var embedded embed.FS

var migrations = migrate.SQLite(embedded, "migrations").WithMarkerTable("players")

// Store is an open file.
type Store struct{ *sqlite.Store[*db.Queries] }

// Open opens a migrated file with at most so many connections.
func Open(ctx context.Context, path string, connections int) (*Store, error) {
	store, err := sqlite.OpenStore(ctx, path, connections, migrations,
		func(ctx context.Context, file *sql.DB) (*db.Queries, error) { return db.Prepare(ctx, file) })
	return &Store{store}, err
}

// Migrate migrates the file at path, which it creates if it is missing, to the schema that Open requires.
func Migrate(ctx context.Context, path string) (from, to int64, err error) {
	return sqlite.Migrate(ctx, path, migrations)
}

// Tx runs statements. A SQLite file has one writer at a time, so nobody else changes what a write transaction reads.
type Tx struct{ q *db.Queries }

// Read runs f on the latest commit.
func (s *Store) Read(_ context.Context, f func(Tx) error) error { return f(Tx{s.Reading}) }

// Write runs f in a transaction.
func (s *Store) Write(ctx context.Context, f func(Tx) error) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error { return f(Tx{s.Writing.WithTx(tx)}) })
}
