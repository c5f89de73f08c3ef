package postgres

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Candidate takes part in a leader election among the processes that use a database. The leader holds an advisory lock on a connection
// that it keeps while it leads, so when its process or its machine fails, the next candidate that calls Lead takes over.
type Candidate struct {
	db   *DB
	name string

	mu   sync.Mutex
	conn *pgxpool.Conn // nil while the candidate does not lead.
}

// Candidate returns a candidate that does not lead yet. Candidates with the same name whose tables are in the same schema compete.
func (db *DB) Candidate(name string) *Candidate { return &Candidate{db: db, name: name} }

// Lead tries to become or to remain the leader, and reports whether the candidate leads.
func (l *Candidate) Lead(ctx context.Context) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		err := l.conn.Ping(ctx)
		if err == nil {
			return true, nil
		}
		l.release(ctx) // The lock is lost with the connection.
		return false, err
	}
	conn, err := l.db.pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	leads := false
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1 || ' of ' || current_schema(), 0))`, l.name).Scan(&leads); err != nil || !leads {
		conn.Release()
		return false, err
	}
	l.conn = conn
	return true, nil
}

// Resign gives up leadership. It must be called before the database is closed, which waits for all connections.
func (l *Candidate) Resign(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.release(ctx)
	}
}

// release closes the connection, which releases the lock. l.mu must be held.
func (l *Candidate) release(ctx context.Context) {
	_ = l.conn.Conn().Close(ctx) // It may be broken already.
	l.conn.Release()
	l.conn = nil
}
