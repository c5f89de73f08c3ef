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

// Tx is a transaction. Its statements queue until Flush or the commit sends all of them in one round trip; BEGIN and
// COMMIT cost none of their own. Locks are thus held for as short as the network allows.
type Tx struct {
	conn  *pgx.Conn
	queue []statement
	begun bool
	err   error // The first failure; the transaction is over then.
}

type statement struct {
	sql  string
	args []any
	read func(pgx.BatchResults) error
}

// Queued returns what queues the statements that run on it. Only Exec can wait, and it has no tag to return: a statement
// that must change so many rows says so to the server, since its answer comes behind the commit.
func (t *Tx) Queued() DBTX { return later{t} }

type later struct{ tx *Tx }

// Exec implements DBTX.
func (l later) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	l.tx.queue = append(l.tx.queue, statement{sql, args, exec})
	return pgconn.CommandTag{}, nil
}

var errOnlyExec = errors.New("postgres: Later takes statements that return nothing; use Await")

// Query implements DBTX.
func (l later) Query(context.Context, string, ...any) (pgx.Rows, error) { return nil, errOnlyExec }

// QueryRow implements DBTX.
func (l later) QueryRow(context.Context, string, ...any) pgx.Row { return failed{errOnlyExec} }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// QueueQuery queues a generated query. into is set once Flush has returned.
func QueueQuery[R any](t *Tx, into *R, query func(DBTX) (R, error)) {
	// The query runs twice: now to say what it asks, and again to read the answer.
	recorded := &recorder{}
	if _, err := query(recorded); !errors.Is(err, errRecorded) {
		t.err = cmp.Or(t.err, err, errNoQuery)
		return
	}
	t.queue = append(t.queue, statement{recorded.sql, recorded.args, func(results pgx.BatchResults) (err error) {
		*into, err = query(answer{results})
		return err
	}})
}

var (
	errRecorded = errors.New("postgres: recorded")
	errNoQuery  = errors.New("postgres: Await takes a function that runs one query")
)

// recorder is what a query runs on to say what it asks.
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
	return failed{r.record(sql, args)}
}

// answer is what a query reads from.
type answer struct{ results pgx.BatchResults }

func (a answer) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return a.results.Exec()
}
func (a answer) Query(context.Context, string, ...any) (pgx.Rows, error) { return a.results.Query() }
func (a answer) QueryRow(context.Context, string, ...any) pgx.Row        { return a.results.QueryRow() }

// Flush sends what is queued and reads the answers.
func (t *Tx) Flush(ctx context.Context) error {
	if t.err == nil && len(t.queue) > 0 {
		_, t.err = t.send(ctx)
	}
	return t.err
}

// Err is what the transaction failed for, nil where it did not.
func (t *Tx) Err() error { return t.err }

// send returns how many of the queued statements were answered without an error.
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
			_ = results.Close() // It would say the same.
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

// commit sends what is queued together with the commit. Where the connection breaks before the answer, nobody knows
// whether there was a commit.
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
		return nil // Whatever happened behind the commit.
	}
	if t.err = err; lost(err) && !pgconn.SafeToRetry(err) {
		// The server says which statement it ended at; a broken connection says nothing.
		if _, said := errors.AsType[*pgconn.PgError](err); !said || answered == total-1 {
			t.err = errs.OutcomeUnknown(err)
		}
	}
	return t.err
}

// rollbackPatience is how long a rollback may take. Closing the connection does the same.
const rollbackPatience = time.Second

func (t *Tx) rollback(ctx context.Context) {
	if !t.begun || t.conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackPatience)
	defer cancel()
	_, _ = t.conn.Exec(ctx, "rollback") // The pool closes a connection whose transaction is not over.
}
