package postgres

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bitcraps/bitcraps/libs/errs"
)

// Tx is a transaction. Its statements are queued until Flush or the commit sends all of them in one round trip; BEGIN and COMMIT need
// no round trips of their own. Locks are thus held for as short a time as the network allows.
type Tx struct {
	conn  *pgx.Conn
	queue []statement
	begun bool
	err   error // The first error, which ends the transaction.
}

type statement struct {
	sql  string
	args []any
	read func(pgx.BatchResults) error
}

// Queued returns a DBTX that queues statements. Only Exec can be queued, and it returns an empty tag: a statement that must change a
// certain number of rows has to enforce that in SQL, since its result may arrive after the commit.
func (t *Tx) Queued() DBTX { return queued{t} }

type queued struct{ tx *Tx }

// Exec implements DBTX.
func (q queued) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	q.tx.queue = append(q.tx.queue, statement{sql, args, exec})
	return pgconn.CommandTag{}, nil
}

var errOnlyExec = errors.New("postgres: Queued accepts only statements that return nothing; use QueueQuery")

// Query implements DBTX.
func (q queued) Query(context.Context, string, ...any) (pgx.Rows, error) { return nil, errOnlyExec }

// QueryRow implements DBTX.
func (q queued) QueryRow(context.Context, string, ...any) pgx.Row { return errRow{errOnlyExec} }

// errRow is a row whose query failed.
type errRow struct{ err error }

func (r errRow) Scan(...any) error { return r.err }

// QueueQuery queues a generated query. into is set once Flush has returned.
func QueueQuery[R any](t *Tx, into *R, query func(DBTX) (R, error)) {
	// The function runs twice: now to record its statement, and later to read the result.
	recorded := &recorder{}
	if _, err := query(recorded); !errors.Is(err, errRecorded) {
		t.err = cmp.Or(t.err, err, errNoQuery)
		return
	}
	t.queue = append(t.queue, statement{recorded.sql, recorded.args, func(results pgx.BatchResults) (err error) {
		*into, err = query(resultReader{results})
		return err
	}})
}

var (
	errRecorded = errors.New("postgres: recorded")
	errNoQuery  = errors.New("postgres: QueueQuery accepts only a function that runs a query")
)

// recorder is a DBTX that records the statement of a query.
type recorder struct {
	sql  string
	args []any
}

func (r *recorder) record(sql string, args []any) error {
	r.sql, r.args = sql, args
	return errRecorded
}

func (r *recorder) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, r.record(sql, args)
}

func (r *recorder) Query(_ context.Context, sql string, args ...any) (pgx.Rows, error) {
	return nil, r.record(sql, args)
}

func (r *recorder) QueryRow(_ context.Context, sql string, args ...any) pgx.Row {
	return errRow{r.record(sql, args)}
}

// resultReader is a DBTX that reads a query's result from a batch.
type resultReader struct{ results pgx.BatchResults }

func (r resultReader) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return r.results.Exec()
}
func (r resultReader) Query(context.Context, string, ...any) (pgx.Rows, error) {
	return r.results.Query()
}
func (r resultReader) QueryRow(context.Context, string, ...any) pgx.Row { return r.results.QueryRow() }

// Flush sends the queued statements and reads their results.
func (t *Tx) Flush(ctx context.Context) error {
	if t.err == nil && len(t.queue) > 0 {
		_, t.err = t.send(ctx)
	}
	return t.err
}

// Err returns the error that ended the transaction, if any.
func (t *Tx) Err() error { return t.err }

// send sends the queued statements and returns how many of them were answered without an error.
func (t *Tx) send(ctx context.Context) (answered int, err error) {
	queue := t.queue
	if t.queue = nil; !t.begun {
		t.begun = true
		queue = append([]statement{{sql: "begin", read: exec}}, queue...)
	}
	batch := &pgx.Batch{}
	for _, s := range queue {
		batch.Queue(s.sql, s.args...)
	}
	results := t.conn.SendBatch(ctx, batch)
	for _, s := range queue {
		if err := s.read(results); err != nil {
			_ = results.Close() // It would return the same error.
			return answered, err
		}
		answered++
	}
	return answered, results.Close()
}

func exec(results pgx.BatchResults) error {
	_, err := results.Exec()
	return err
}

// commit sends the queued statements together with the commit. If the connection breaks before the result arrives, the outcome is
// unknown.
func (t *Tx) commit(ctx context.Context) error {
	if t.err != nil || !t.begun && len(t.queue) == 0 {
		return t.err
	}
	t.queue = append(t.queue, statement{sql: "commit", read: exec})
	total := len(t.queue)
	if !t.begun {
		total++
	}
	answered, err := t.send(ctx)
	if answered == total {
		return nil // Errors after the commit do not matter.
	}
	if t.err = err; connectionLost(err) && !pgconn.SafeToRetry(err) {
		// An error from the server belongs to a certain statement; a broken connection shows nothing.
		if _, fromServer := errors.AsType[*pgconn.PgError](err); !fromServer || answered == total-1 {
			t.err = errs.OutcomeUnknown(err)
		}
	}
	return t.err
}

// rollbackTimeout is how long a rollback may take. Closing the connection has the same effect.
const rollbackTimeout = time.Second

func (t *Tx) rollback(ctx context.Context) {
	if !t.begun || t.conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_, _ = t.conn.Exec(ctx, "rollback") // The pool closes a connection that is still in a transaction.
}
