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

// ErrConflict is for what a transaction finds to be otherwise than it must be because of another one: it runs again.
var ErrConflict = errors.New("postgres: another transaction was first")

// ErrRerun is what a transaction returns that is to run again at once, within the same attempt. A second one in a row is an error.
var ErrRerun = errors.New("postgres: run again")

const (
	// attempts is how often a transaction is tried.
	attempts = 16
	// firstPause is the longest pause before the second attempt; it doubles with each, up to lastPause, to about a second in all. Longer
	// ones would only have those wait who lost, while those who win go on.
	firstPause = 8 * time.Millisecond
	lastPause  = 128 * time.Millisecond
)

// Write runs f in a transaction and commits when f returns nil. Where another transaction is in the way, or the connection
// breaks before the commit, nothing happened and f runs again, so it must start from scratch. Where it breaks during the
// commit, f may have taken effect or not: the error says so, and a caller who repeats the request by its id finds out.
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
			return tx.err // What f made of it hides whether it is worth another attempt.
		}
		return err
	})
}

// retry tries something up to attempts times, while nothing comes of it.
func (db *DB) retry(ctx context.Context, try func() error) error {
	for attempt := 0; ; attempt++ {
		err := try()
		if errors.Is(err, ErrRerun) {
			if err = ctx.Err(); err == nil {
				err = try()
			}
		}
		if err == nil || ctx.Err() != nil || !db.again(err) {
			return db.away(ctx, err)
		}
		if attempt == attempts-1 {
			return outrun(db.away(ctx, err))
		}
		if said(err, readOnly) {
			db.pool.Reset() // New connections may reach the server that has taken over.
		}
		pause := time.NewTimer(rand.N(min(firstPause<<attempt, lastPause)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return db.away(ctx, err)
		}
	}
}

// again reports whether an error means that nothing happened, and the next attempt may go better.
func (db *DB) again(err error) bool {
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return false
	}
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch said.Code {
		case "40001", "40P01": // Serialization failure, deadlock.
			return true
		case "23505", "23514": // Unique violation, check violation.
			return db.races[said.ConstraintName]
		}
	}
	return errors.Is(err, ErrConflict) || lost(err)
}

const (
	// diskFull is PostgreSQL's code for a disk without room. There will be none within the pauses between attempts.
	diskFull = "53100"
	// readOnly is its code for a write on a server that only follows another one, as one does that led and was replaced.
	readOnly = "25006"
)

// said reports whether an error is PostgreSQL's with a code.
func said(err error, code string) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && answer.Code == code
}

// lost reports whether an error is that of a connection, or of a server that takes none.
func lost(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true // Whatever the server said, such as that it knows no such user while it is set up anew.
	}
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Connection exceptions, shutdowns and crashes, a want of memory or connections, a transaction that idled, a server that follows.
		return strings.HasPrefix(said.Code, "08") || strings.HasPrefix(said.Code, "57P") || said.Code == "25P03" || said.Code == readOnly ||
			strings.HasPrefix(said.Code, "53") && said.Code != diskFull
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed")
}

// away is what callers see of a database that cannot answer, or that answers that its disk is full. An ended context
// stays what it is.
func (db *DB) away(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*errs.Error](err); ok || err == nil || ctx.Err() != nil {
		return err
	}
	if said(err, diskFull) {
		return errs.StorageFull(db.name, err)
	}
	if !lost(err) {
		return err
	}
	return errs.DatabaseUnavailable(err)
}

// outrunDelay is when callers whom others outran may come again.
const outrunDelay = time.Second

// outrun is what callers see of a transaction that others were before each time. Nothing is wrong with what it was to do.
func outrun(err error) error {
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return err
	}
	return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "others changed the same all the time; nothing was changed, try again").
		WithCause(err).RetryAfter(outrunDelay)
}
