// Package migrate brings a database's schema to the version that a binary was built for. Migrations are numbered SQL
// files that are embedded into the binary, only ever go forward, and have the same numbers on every engine.
package migrate

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Migrations are one service's migrations for one engine.
type Migrations struct {
	dialect goose.Dialect
	files   fs.FS
	own     string // A table by which the service's database is told from another's; "" where nobody asks.
}

// SQLite are migrations for SQLite, in a folder of embedded files. SQLite has no lock against two migrating processes:
// only the process that owns the file may run them.
func SQLite(files fs.FS, dir string) Migrations { return in(goose.DialectSQLite3, files, dir) }

// Postgres are migrations for PostgreSQL, in a folder of embedded files. Any number of processes may run them at once:
// one does, the others wait for it.
func Postgres(files fs.FS, dir string) Migrations { return in(goose.DialectPostgres, files, dir) }

func in(dialect goose.Dialect, files fs.FS, dir string) Migrations {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // The folder's name is a constant of the caller.
	}
	return Migrations{dialect: dialect, files: sub}
}

// WithMarkerTable names a table that the first migration makes, that stays, and that no other service has. A database that was migrated and lacks
// it is another service's: the versions of two in one table would mean nothing, and both have a table of some names.
func (m Migrations) WithMarkerTable(table string) Migrations {
	m.own = table
	return m
}

// lockSeconds is how long a process waits for another one that migrates.
const lockSeconds = 300

// Up runs the migrations that the database has not seen, and returns the schema's versions before and after. Each runs in a
// transaction. It fails where the database has seen more than this binary knows.
func (m Migrations) Up(ctx context.Context, db *sql.DB) (from, to int64, err error) {
	var options []goose.ProviderOption
	if m.dialect == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, lockSeconds))
		if err != nil {
			return from, to, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(m.dialect, db, m.files, options...)
	if err != nil {
		return from, to, err
	}
	if from, err = m.version(ctx, db, provider); err != nil {
		return from, to, err
	}
	if _, err = provider.Up(ctx); err != nil {
		return from, to, err
	}
	to = newest(provider)
	return from, to, m.Check(ctx, db)
}

// newest is the version that this binary was built for.
func newest(provider *goose.Provider) int64 {
	sources := provider.ListSources() // There are some, or there would be no provider.
	return sources[len(sources)-1].Version
}

// exists asks for a table.
var exists = map[goose.Dialect]string{
	goose.DialectSQLite3:  "SELECT COUNT(*) > 0 FROM sqlite_master WHERE name = ?",
	goose.DialectPostgres: "SELECT to_regclass($1) IS NOT NULL",
}

// version is that of the database, and 0 where there was no migration ever. Goose would make its table to find out, which a service
// that starts must not: it would be in the way of the process that migrates.
func (m Migrations) version(ctx context.Context, db *sql.DB, provider *goose.Provider) (has int64, err error) {
	seen, owned := false, m.own == ""
	if err := db.QueryRowContext(ctx, exists[m.dialect], goose.DefaultTablename).Scan(&seen); err != nil || !seen {
		return 0, err
	}
	if has, err = provider.GetDBVersion(ctx); err != nil || has == 0 || owned {
		return has, err
	}
	if err := db.QueryRowContext(ctx, exists[m.dialect], m.own).Scan(&owned); err != nil {
		return 0, err
	}
	if !owned {
		return 0, fmt.Errorf("the database is another service's, since it has no table %q: give each service one of its own, or on PostgreSQL a schema, by search_path", m.own)
	}
	return has, nil
}

// Check fails where the database is not at the version that this binary was built for. It writes nothing.
func (m Migrations) Check(ctx context.Context, db *sql.DB) error {
	provider, err := goose.NewProvider(m.dialect, db, m.files)
	if err != nil {
		return err
	}
	has, err := m.version(ctx, db, provider)
	if err != nil {
		return err
	}
	switch wants := newest(provider); {
	case has < wants:
		return fmt.Errorf("the database is at schema version %d and this release needs %d: run its migrations first", has, wants)
	case has > wants:
		return fmt.Errorf("the database is at schema version %d and this release knows %d: start the release that migrated it, or a later one", has, wants)
	}
	return nil
}
