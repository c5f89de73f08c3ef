// Package postgres opens PostgreSQL databases the way every service uses them: a bounded pool, transactions that are
// pipelined and run again where nothing came of them, and a schema that must be the release's.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/bitcraps/bitcraps/libs/migrate"
)

// Options are what a service says about its database.
type Options struct {
	// Connections bounds how many there are at once.
	Connections int
	// Migrations are the schema that the database must be at.
	Migrations migrate.Migrations
	// RaceConstraints are constraints that a transaction breaks only because another one was first, such as that of request
	// ids. It runs again, and then sees what the other one did.
	RaceConstraints []string
	// Settings are PostgreSQL's, for each connection. Those in the URL win.
	Settings map[string]string
	// OnConnect is called for each new connection, before it is used: the server may be another one than before, or have another past.
	OnConnect func()
}

// DBTX is what statements run on. Every package that sqlc generates asks for the same.
type DBTX interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// DB is an open database.
type DB struct {
	pool  *pgxpool.Pool
	name  string // Which database it is, for the log.
	races map[string]bool
}

// defaults are for every connection, below Options.Settings and the URL.
var defaults = map[string]string{
	"application_name": "bitcraps",
	// A transaction waits for nothing but the database, so one that does is a machine that vanished. Its locks go with it.
	"idle_in_transaction_session_timeout": "10s",
	"jit":                                 "off", // It compiles for longer than our statements run.
}

// connectPatience is how long a connection may take where the URL does not say connect_timeout.
const connectPatience = 5 * time.Second

// Open opens a migrated database.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	cfg, err := parse(url, o.Settings)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns, cfg.AfterConnect = int32(o.Connections), func(_ context.Context, conn *pgx.Conn) error {
		if registerTypes(conn); o.OnConnect != nil {
			o.OnConnect()
		}
		return nil
	}
	cfg.ConnConfig.Tracer = tracer{}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	server := cfg.ConnConfig
	db := &DB{pool: pool, name: fmt.Sprintf("database %s on %s", server.Database, server.Host), races: make(map[string]bool, len(o.RaceConstraints))}
	for _, constraint := range o.RaceConstraints {
		db.races[constraint] = true
	}
	if err := withSQL(pool, func(single *sql.DB) error { return o.Migrations.Check(ctx, single) }); err != nil {
		pool.Close()
		return nil, err
	}
	return db, nil
}

func parse(url string, settings map[string]string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err // It has no password in it.
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectPatience
	}
	own := cfg.ConnConfig.RuntimeParams
	cfg.ConnConfig.RuntimeParams = maps.Clone(defaults)
	maps.Copy(cfg.ConnConfig.RuntimeParams, settings)
	maps.Copy(cfg.ConnConfig.RuntimeParams, own)
	return cfg, nil
}

// withSQL hands out the pool in the form that migrations want.
func withSQL(pool *pgxpool.Pool, f func(*sql.DB) error) error {
	single := stdlib.OpenDBFromPool(pool)
	return errors.Join(f(single), single.Close())
}

// Migrate brings the database to the schema of this release. It makes the PostgreSQL schema that the URL's search_path
// names where it is missing; the database itself must be there.
func Migrate(ctx context.Context, url string, migrations migrate.Migrations) (from, to int64, err error) {
	cfg, err := parse(url, nil)
	if err != nil {
		return from, to, err
	}
	schema := cfg.ConnConfig.RuntimeParams["search_path"]
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return from, to, err
	}
	defer pool.Close()
	if schema != "" {
		// IF NOT EXISTS alone would fail where two processes do this at once.
		statement := `SELECT pg_advisory_xact_lock(hashtext('bitcraps schema')); CREATE SCHEMA IF NOT EXISTS ` + pgx.Identifier{schema}.Sanitize()
		if _, err := pool.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			return from, to, fmt.Errorf("schema %s: %w", schema, err)
		}
	}
	err = withSQL(pool, func(single *sql.DB) (err error) {
		from, to, err = migrations.Up(ctx, single)
		return err
	})
	return from, to, err
}

// Health fails while the database does not answer.
func (db *DB) Health(ctx context.Context) error { return db.pool.Ping(ctx) }

// Connections is how many are in use, and how many there may be.
func (db *DB) Connections() (inUse, limit int) {
	stat := db.pool.Stat()
	return int(stat.AcquiredConns()), int(stat.MaxConns())
}

// Close waits for what runs and closes every connection.
func (db *DB) Close() error {
	db.pool.Close()
	return nil
}

// Read runs statements that each see the last commit, and runs them again where the connection breaks, whatever came of them: those that
// change something must be such that it does not matter.
func (db *DB) Read(ctx context.Context, f func(DBTX) error) error {
	return db.retry(ctx, func() error { return f(db.pool) })
}

// Snapshot runs f in a transaction that sees one state of the database and changes nothing.
func (db *DB) Snapshot(ctx context.Context, f func(pgx.Tx) error) error {
	return db.retry(ctx, func() error {
		return pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f)
	})
}
