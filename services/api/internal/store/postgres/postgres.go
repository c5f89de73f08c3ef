// Package postgres keeps players in PostgreSQL.
package postgres

import (
	"context"
	"embed"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/libs/migrate"
	"github.com/bitcraps/bitcraps/libs/postgres"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres/db"
)

//go:embed migrations
var embedded embed.FS

var migrations = migrate.Postgres(embedded, "migrations").Own("players")

// Store is an open database.
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
func Migrate(ctx context.Context, url string) (from, to int64, err error) {
	return postgres.Migrate(ctx, url, migrations)
}

// Close waits for what runs and closes every connection.
func (s *Store) Close() error { return s.db.Close() }

// Connections is how many are in use, and how many there may be.
func (s *Store) Connections() (inUse, limit int) { return s.db.Connections() }

// Tx is what statements run on.
type Tx struct {
	on      postgres.DBTX // What statements that return nothing run on; in a transaction they wait for the next answer.
	writing *postgres.Tx  // nil where nothing is written.
}

// Read runs f outside of any transaction.
func (s *Store) Read(ctx context.Context, f func(Tx) error) error {
	return s.db.Read(ctx, func(on postgres.DBTX) error { return f(Tx{on: on}) })
}

// Write runs f in a transaction.
func (s *Store) Write(ctx context.Context, f func(Tx) error) error {
	return s.db.Write(ctx, func(tx *postgres.Tx) error { return f(Tx{tx.Later(), tx}) })
}

// exec are the statements that return nothing.
func (t Tx) exec() *db.Queries { return db.New(t.on) }

// ask runs a query and waits for its answer. In a transaction a row that is missing must not look like a failed statement, which
// would be the transaction's end.
func ask[R any](ctx context.Context, t Tx, query func(*db.Queries) (R, error)) (answer R, err error) {
	if t.writing == nil {
		return query(db.New(t.on))
	}
	missing := false
	postgres.Await(t.writing, &answer, func(on postgres.DBTX) (R, error) {
		found, err := query(db.New(on))
		if missing = errors.Is(err, pgx.ErrNoRows); missing {
			err = nil
		}
		return found, err
	})
	if err = t.writing.Flush(ctx); err == nil && missing {
		err = pgx.ErrNoRows
	}
	return answer, err
}
