package bitcraps

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/bitcraps/bitcraps/libs/config"
)

// look asks a database for a number, where it has a table; 0 where it has none. It makes nothing.
func look(ctx context.Context, database config.Database, table, query string) (n int64, err error) {
	path, file := database.SQLite()
	there := "SELECT to_regclass($1) IS NOT NULL"
	var db *sql.DB
	if file {
		there = "SELECT COUNT(*) > 0 FROM sqlite_master WHERE name = $1"
		if _, err := os.Stat(path); err != nil {
			return 0, ignoreMissing(err)
		}
		if db, err = sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)"); err != nil {
			return 0, err
		}
	} else {
		pool, err := pgxpool.New(ctx, database.URL)
		if err != nil {
			return 0, err
		}
		defer pool.Close()
		db = stdlib.OpenDBFromPool(pool)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var has bool
	if err := db.QueryRowContext(ctx, there, table).Scan(&has); err != nil || !has {
		return 0, err
	}
	return n, db.QueryRowContext(ctx, query).Scan(&n)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// migrate brings a service's database to this release's schema, and says which one it was and what became of it.
func migrate(ctx context.Context, out io.Writer, service string, database config.Database, up func(context.Context, config.Database) error) error {
	version := func() (int64, error) {
		return look(ctx, database, "goose_db_version", "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version")
	}
	from, err := version()
	if err != nil {
		return fmt.Errorf("%s: %w", service, err)
	}
	if err := up(ctx, database); err != nil {
		return fmt.Errorf("%s: %w", service, err)
	}
	to, err := version()
	if err != nil {
		return fmt.Errorf("%s: %w", service, err)
	}
	where := "PostgreSQL"
	if path, ok := database.SQLite(); ok {
		where = path
	}
	if from == to {
		_, err = fmt.Fprintf(out, "%s: %s is at schema version %d already\n", service, where, to)
	} else {
		_, err = fmt.Fprintf(out, "%s: %s went from schema version %d to %d\n", service, where, from, to)
	}
	return err
}
