package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io"

	"github.com/bitcraps/bitcraps/libs/migrate"
)

// Store is a service's database: the file, at the schema version that the service was built for, and the statements of Q, which sqlc
// generates, prepared once.
type Store[Q io.Closer] struct {
	*DB
	// Reading has the statements on the reader's connections, which see the last commit.
	Reading Q
	// Writing has the statements on the writer's connection. It is used through its WithTx in DB.Write, even for single statements: Write
	// converts their errors.
	Writing Q
}

// OpenStore opens a migrated file with at most so many connections and prepares its statements.
func OpenStore[Q io.Closer](ctx context.Context, path string, connections int, migrations migrate.Migrations,
	prepare func(context.Context, *sql.DB) (Q, error),
) (*Store[Q], error) {
	db, err := Open(ctx, path, connections)
	if err != nil {
		return nil, err
	}
	s := &Store[Q]{DB: db}
	if err := migrations.Check(ctx, db.Writer); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if s.Writing, err = prepare(ctx, db.Writer); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if s.Reading, err = prepare(ctx, db.Reader); err != nil {
		return nil, errors.Join(err, s.Writing.Close(), db.Close())
	}
	return s, nil
}

// Close releases the statements and closes the file.
func (s *Store[Q]) Close() error {
	return errors.Join(s.Reading.Close(), s.Writing.Close(), s.DB.Close())
}

// Migrate upgrades the file at path, which it creates if it is missing, to the schema version of this release.
func Migrate(ctx context.Context, path string, migrations migrate.Migrations) (from, to int64, err error) {
	db, err := Open(ctx, path, 2)
	if err != nil {
		return 0, 0, err
	}
	from, to, err = migrations.Up(ctx, db.Writer)
	return from, to, errors.Join(err, db.Close())
}
