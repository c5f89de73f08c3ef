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

// lockSeconds is how long a process waits for another one that migrates.
const lockSeconds = 300

// Up runs the migrations that the database has not seen. Each runs in a transaction.
func (m Migrations) Up(ctx context.Context, db *sql.DB) error {
	var options []goose.ProviderOption
	if m.dialect == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, lockSeconds))
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(m.dialect, db, m.files, options...)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// Check fails where the database is not at the version that this binary was built for.
func (m Migrations) Check(ctx context.Context, db *sql.DB) error {
	provider, err := goose.NewProvider(m.dialect, db, m.files)
	if err != nil {
		return err
	}
	has, wants, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	switch {
	case has < wants:
		return fmt.Errorf("the database is at schema version %d and this release needs %d: run its migrations first", has, wants)
	case has > wants:
		return fmt.Errorf("the database is at schema version %d and this release knows %d: start the release that migrated it, or a later one", has, wants)
	}
	return nil
}
