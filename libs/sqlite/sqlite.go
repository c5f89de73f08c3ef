// Package sqlite provides the SQLite access that all services share: a write-ahead log, one writer, and commits that are on disk before
// they are acknowledged.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"

	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// DB is an open database. SQLite allows one writer at a time, so writes queue for one connection here, in order, and never fail with
// SQLITE_BUSY; readers see the last commit and never wait for the writer.
type DB struct {
	// Writer begins its transactions with BEGIN IMMEDIATE.
	Writer *sql.DB
	// Reader cannot write.
	Reader *sql.DB

	path   string
	writer *connector
}

// Open opens the file, and creates it and its folder if they are missing. The file is readable by its owner alone. connections bounds the
// number of connections, including the writer's; it is at least 2.
func Open(ctx context.Context, path string, connections int) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	created, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := created.Close(); err != nil {
		return nil, err
	}
	writes, reads := newConnector(path, url.Values{"_txlock": {"immediate"}}), newConnector(path, url.Values{"mode": {"ro"}})
	writer, err := writes.pool(ctx, 1)
	if err != nil {
		return nil, err
	}
	reader, err := reads.pool(ctx, max(1, connections-1))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return &DB{Writer: writer, Reader: reader, path: path, writer: writes}, nil
}

// Write runs f in a transaction that is serialized with all others. It commits when f returns nil. If the disk is full, the error says
// so to callers, and later transactions succeed as soon as there is space. If a commit fails otherwise, the error says that its outcome
// is unknown.
func (db *DB) Write(ctx context.Context, f func(*sql.Tx) error) error {
	return db.storageFull(db.inTx(ctx, db.Writer, nil, f))
}

// Read runs f in a read-only transaction that sees one state of the database.
func (db *DB) Read(ctx context.Context, f func(*sql.Tx) error) error {
	return db.inTx(ctx, db.Reader, &sql.TxOptions{ReadOnly: true}, f)
}

// inTx runs f in a transaction, with one span for all of it. Statements run in this process: most take no longer than recording a span
// would.
func (db *DB) inTx(ctx context.Context, on *sql.DB, opts *sql.TxOptions, f func(*sql.Tx) error) (err error) {
	ctx, span := telemetry.Child(ctx, "TRANSACTION", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		semconv.DBSystemNameSQLite, semconv.DBNamespace(filepath.Base(db.path)), semconv.DBOperationName("TRANSACTION")))
	defer func() { telemetry.End(span, err) }()
	tx, err := on.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // Does nothing after a commit.
	if err := f(tx); err != nil {
		return contextError(ctx, err)
	}
	return outcomeUnknown(contextError(ctx, tx.Commit()))
}

// contextError replaces database/sql's error of a transaction whose context has ended with the context's error.
func contextError(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Connections returns how many connections are in use, and the limit.
func (db *DB) Connections() (inUse, limit int) {
	writer, reader := db.Writer.Stats(), db.Reader.Stats()
	return writer.InUse + reader.InUse, writer.MaxOpenConnections + reader.MaxOpenConnections
}

// WriterConnections returns how many connections the writer has had. Values that SQLite reports per connection, such as data_version, are
// not comparable across connections.
func (db *DB) WriterConnections() int64 { return db.writer.opened.Load() }

// Close closes every connection.
func (db *DB) Close() error {
	return errors.Join(db.Reader.Close(), db.Writer.Close())
}
