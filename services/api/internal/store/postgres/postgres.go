// Package postgres implements the store in PostgreSQL.
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

var migrations = migrate.Postgres(embedded, "migrations").WithMarkerTable("players")

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

// Migrate migrates the database to the schema that Open requires.
func Migrate(ctx context.Context, url string) (from, to int64, err error) {
	return postgres.Migrate(ctx, url, migrations)
}

// Close waits for running statements and closes every connection.
func (s *Store) Close() error { return s.db.Close() }

// Connections returns how many connections are in use, and the limit.
func (s *Store) Connections() (inUse, limit int) { return s.db.Connections() }

// Tx runs statements, in a transaction or outside of one.
type Tx struct {
	on    postgres.DBTX // For statements that return nothing; in a transaction they are sent with the next query.
	write *postgres.Tx  // nil outside of a write transaction.
}

// Read runs f outside of any transaction.
func (s *Store) Read(ctx context.Context, f func(Tx) error) error {
	return s.db.Read(ctx, func(on postgres.DBTX) error { return f(Tx{on: on}) })
}

// Write runs f in a transaction.
func (s *Store) Write(ctx context.Context, f func(Tx) error) error {
	return s.db.Write(ctx, func(tx *postgres.Tx) error { return f(Tx{tx.Queued(), tx}) })
}

// exec has the statements that return nothing.
func (t Tx) exec() *db.Queries { return db.New(t.on) }

// fetch runs a query and waits for its result. In a transaction a missing row must not look like a failed statement, which would
// abort the transaction.
func fetch[R any](ctx context.Context, t Tx, query func(*db.Queries) (R, error)) (answer R, err error) {
	if t.write == nil {
		return query(db.New(t.on))
	}
	missing := false
	postgres.QueueQuery(t.write, &answer, func(on postgres.DBTX) (R, error) {
		found, err := query(db.New(on))
		if missing = errors.Is(err, pgx.ErrNoRows); missing {
			err = nil
		}
		return found, err
	})
	if err = t.write.Flush(ctx); err == nil && missing {
		err = pgx.ErrNoRows
	}
	return answer, err
}
