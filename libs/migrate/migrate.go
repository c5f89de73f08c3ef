// Package migrate upgrades a database's schema to the version that a binary was built for. Migrations are numbered SQL files that are
// embedded in the binary, go forward only, and have the same numbers on every engine.
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
	marker  string // A table that identifies the service's database; "" if that is not checked.
}

// SQLite returns the migrations for SQLite in a folder of embedded files. SQLite has no lock against concurrent migrations: only the
// process that owns the file may run them.
func SQLite(files fs.FS, dir string) Migrations { return in(goose.DialectSQLite3, files, dir) }

// Postgres returns the migrations for PostgreSQL in a folder of embedded files. Any number of processes may run them concurrently: one
// of them does, the others wait for it.
func Postgres(files fs.FS, dir string) Migrations { return in(goose.DialectPostgres, files, dir) }

func in(dialect goose.Dialect, files fs.FS, dir string) Migrations {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // The folder's name is a constant of the caller.
	}
	return Migrations{dialect: dialect, files: sub}
}

// WithMarkerTable names a table that the first migration creates, that is never dropped, and that no other service has. A migrated database
// without it belongs to another service: two services can't share a version table, and some of their tables have the same names.
func (m Migrations) WithMarkerTable(table string) Migrations {
	m.marker = table
	return m
}

// lockSeconds is how long a process waits for another one that runs the migrations.
const lockSeconds = 300

// Up applies the pending migrations, each in a transaction, and returns the schema's versions before and after. It fails if the
// database is at a later version than this binary knows.
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

// newest returns the version that this binary was built for.
func newest(provider *goose.Provider) int64 {
	sources := provider.ListSources() // Never empty: goose makes no provider without migrations.
	return sources[len(sources)-1].Version
}

// exists queries whether a table exists.
var exists = map[goose.Dialect]string{
	goose.DialectSQLite3:  "SELECT COUNT(*) > 0 FROM sqlite_master WHERE name = ?",
	goose.DialectPostgres: "SELECT to_regclass($1) IS NOT NULL",
}

// version returns the database's schema version, and 0 if it was never migrated. Goose would create its version table to find out,
// which a starting service must not do: it would interfere with the process that runs the migrations.
func (m Migrations) version(ctx context.Context, db *sql.DB, provider *goose.Provider) (has int64, err error) {
	migrated, marked := false, m.marker == ""
	if err := db.QueryRowContext(ctx, exists[m.dialect], goose.DefaultTablename).Scan(&migrated); err != nil || !migrated {
		return 0, err
	}
	if has, err = provider.GetDBVersion(ctx); err != nil || has == 0 || marked {
		return has, err
	}
	if err := db.QueryRowContext(ctx, exists[m.dialect], m.marker).Scan(&marked); err != nil {
		return 0, err
	}
	if !marked {
		return 0, fmt.Errorf("the database is another service's, since it has no table %q: give each service one of its own, or on PostgreSQL a schema, by search_path", m.marker)
	}
	return has, nil
}

// Check returns an error unless the database is at the version that this binary was built for. It writes nothing.
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
