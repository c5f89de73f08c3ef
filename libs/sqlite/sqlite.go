// Package sqlite opens SQLite databases the way every service uses them: write-ahead log, one writer, and each commit
// on the disk before it is acknowledged.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	_ "modernc.org/sqlite" // Registers the driver "sqlite"; it needs no C compiler.

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// DB is an open database. SQLite has one writer at a time, so writes queue for one connection here, in order, and never
// meet SQLITE_BUSY; readers see the last commit and wait for nobody.
type DB struct {
	// Writer begins its transactions with BEGIN IMMEDIATE.
	Writer *sql.DB
	// Reader cannot write.
	Reader *sql.DB

	path string
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
	writer, err := connect(ctx, path, url.Values{"_txlock": {"immediate"}}, 1)
	if err != nil {
		return nil, err
	}
	reader, err := connect(ctx, path, url.Values{"mode": {"ro"}}, max(1, connections-1))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return &DB{Writer: writer, Reader: reader, path: path}, nil
}

func connect(ctx context.Context, path string, query url.Values, connections int) (*sql.DB, error) {
	query["_pragma"] = []string{
		"busy_timeout(5000)", "foreign_keys(1)", "journal_mode(WAL)",
		"synchronous(FULL)", // NORMAL would lose acknowledged commits in a power failure.
		"temp_store(MEMORY)",
		// The log grows to 32 MB before its pages go to the file: most have changed again by then, and go once.
		"wal_autocheckpoint(8192)",
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+query.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return db, nil
}

// Write runs f in a transaction that sees and excludes every other one. It commits when f returns nil. Where the disk is
// full the error says so to callers, and the next transaction goes as well as there is room.
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
	return ended(ctx, tx.Commit())
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

// Close closes every connection.
func (db *DB) Close() error {
	return errors.Join(db.Reader.Close(), db.Writer.Close())
}
