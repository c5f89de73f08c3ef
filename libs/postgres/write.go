package postgres

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// ErrConflict is returned by a transaction that found its data changed by a concurrent one. It is retried.
var ErrConflict = errors.New("postgres: another transaction was first")

// ErrRerun is returned by a transaction that must run again at once, within the same attempt. Returning it twice in a row is an error.
var ErrRerun = errors.New("postgres: run again")

const (
	// attempts is how often a transaction is tried.
	attempts = 16
	// firstBackoff is the longest pause before the second attempt. It doubles with each attempt, up to maxBackoff, to about a second in
	// total. Longer pauses would starve the transactions that lost a race, while others keep winning.
	firstBackoff = 8 * time.Millisecond
	maxBackoff   = 128 * time.Millisecond
)

// Write runs f in a transaction and commits when f returns nil. If it conflicts with another transaction, or the connection breaks
// before the commit, nothing happened and f runs again, so it must not keep state between runs. If the connection breaks during the
// commit, f may or may not have taken effect: the error says so, and a caller that repeats the request with its id finds out.
func (db *DB) Write(ctx context.Context, f func(*Tx) error) error {
	return db.retry(ctx, func() error {
		conn, err := db.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		tx := &Tx{conn: conn.Conn()}
		if err = f(tx); err == nil {
			err = tx.commit(ctx)
		}
		if err != nil {
			tx.rollback(ctx)
		}
		if tx.err != nil {
			return tx.err // f may have wrapped it such that it no longer shows whether to retry.
		}
		return err
	})
}

// retry calls try up to attempts times, for as long as its errors are retryable.
func (db *DB) retry(ctx context.Context, try func() error) error {
	for attempt := 0; ; attempt++ {
		err := try()
		if errors.Is(err, ErrRerun) {
			if err = ctx.Err(); err == nil {
				err = try()
			}
		}
		if err == nil || ctx.Err() != nil || !db.retryable(err) {
			return db.forCaller(ctx, err)
		}
		if attempt == attempts-1 {
			return contended(db.forCaller(ctx, err))
		}
		if hasCode(err, readOnly) {
			db.pool.Reset() // New connections may reach the server that has taken over.
		}
		pause := time.NewTimer(rand.N(min(firstBackoff<<attempt, maxBackoff)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return db.forCaller(ctx, err)
		}
	}
}

// retryable reports whether an error means that nothing happened, and that the next attempt may succeed.
func (db *DB) retryable(err error) bool {
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return false
	}
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pgErr.Code {
		case "40001", "40P01": // Serialization failure, deadlock.
			return true
		case "23505", "23514": // Unique violation, check violation.
			return db.races[pgErr.ConstraintName]
		}
	}
	return errors.Is(err, ErrConflict) || connectionLost(err)
}

const (
	// diskFull is PostgreSQL's code for a full disk. Space will not be freed within the pauses between attempts.
	diskFull = "53100"
	// readOnly is its code for a write on a read-only server, such as a former primary that is a standby since a failover.
	readOnly = "25006"
)

// hasCode reports whether an error is PostgreSQL's with a code.
func hasCode(err error, code string) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pgErr.Code == code
}

// connectionLost reports whether an error means that the connection broke, or that the server accepts none.
func connectionLost(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true // Whatever the server's reason: even an unknown user may exist once the server is set up again.
	}
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Connection exceptions, shutdowns and crashes, too little memory or too many connections, an idle transaction's timeout, a read-only server.
		return strings.HasPrefix(pgErr.Code, "08") || strings.HasPrefix(pgErr.Code, "57P") || pgErr.Code == "25P03" || pgErr.Code == readOnly ||
			strings.HasPrefix(pgErr.Code, "53") && pgErr.Code != diskFull
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed")
}

// forCaller returns the error that callers see when the database cannot answer, or its disk is full. Other errors, and those of an
// ended context, stay as they are.
func (db *DB) forCaller(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*errs.Error](err); ok || err == nil || ctx.Err() != nil {
		return err
	}
	if hasCode(err, diskFull) {
		return errs.StorageFull(db.name, err)
	}
	if !connectionLost(err) {
		return err
	}
	return errs.DatabaseUnavailable(err)
}

// contendedDelay is the retry delay of transactions that lost every race.
const contendedDelay = time.Second

// contended returns the error that callers see when a transaction conflicted with others at every attempt. It may succeed later.
func contended(err error) error {
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return err
	}
	return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the call conflicted with others at every attempt; nothing was changed, try again").
		WithCause(err).RetryAfter(contendedDelay)
}
