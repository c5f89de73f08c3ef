// Package sqlite opens SQLite databases the way every service uses them: write-ahead log, one writer, and each commit
// on the disk before it is acknowledged.
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

// DB is an open database. SQLite has one writer at a time, so writes queue for one connection here, in order, and never
// meet SQLITE_BUSY; readers see the last commit and wait for nobody.
type DB struct {
	// Writer begins its transactions with BEGIN IMMEDIATE.
	Writer *sql.DB
	// Reader cannot write.
	Reader *sql.DB

	path   string
	writer *connector
}

// Open opens the file, and makes it and its folder where they are missing. The file is readable by its owner alone.
// connections bounds how many connections there are at once, the writer's included; it is at least 2.
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

// Write runs f in a transaction that sees and excludes every other one. It commits when f returns nil. Where the disk is
// full the error says so to callers, and the next transaction goes as well as there is room. Where a commit fails otherwise, it says that
// nobody knows what came of it.
func (db *DB) Write(ctx context.Context, f func(*sql.Tx) error) error {
	return db.full(db.inTx(ctx, db.Writer, nil, f))
}

// Read runs f in a transaction that sees one state of the database and changes nothing.
func (db *DB) Read(ctx context.Context, f func(*sql.Tx) error) error {
	return db.inTx(ctx, db.Reader, &sql.TxOptions{ReadOnly: true}, f)
}

// inTx makes one span of a transaction. Statements run in this process: most take no longer than a span of theirs would.
func (db *DB) inTx(ctx context.Context, on *sql.DB, opts *sql.TxOptions, f func(*sql.Tx) error) (err error) {
	ctx, span := telemetry.Child(ctx, "TRANSACTION", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		semconv.DBSystemNameSQLite, semconv.DBNamespace(filepath.Base(db.path)), semconv.DBOperationName("TRANSACTION")))
	defer func() { telemetry.End(span, err) }()
	tx, err := on.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // Does nothing behind a commit.
	if err := f(tx); err != nil {
		return ended(ctx, err)
	}
	return unknown(ended(ctx, tx.Commit()))
}

// ended gives database/sql's way of saying that a transaction's context has ended the context's name.
func ended(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Connections is how many are in use, and how many there may be.
func (db *DB) Connections() (inUse, limit int) {
	writer, reader := db.Writer.Stats(), db.Reader.Stats()
	return writer.InUse + reader.InUse, writer.MaxOpenConnections + reader.MaxOpenConnections
}

// WriterConnections is how many connections the writer has had. What SQLite says of one, such as its data_version, means nothing to
// the next.
func (db *DB) WriterConnections() int64 { return db.writer.opened.Load() }

// Close closes every connection.
func (db *DB) Close() error {
	return errors.Join(db.Reader.Close(), db.Writer.Close())
}
