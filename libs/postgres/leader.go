package postgres

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Candidate finds out which one of many processes on a database leads in something. It holds an advisory lock on a connection
// that it keeps for as long as it leads, so when its process or its machine is gone the next one that asks leads.
type Candidate struct {
	db   *DB
	name string

	mu   sync.Mutex
	conn *pgxpool.Conn // nil for one who does not lead.
}

// Candidate returns one who does not lead yet. Processes whose tables are in one schema compete for a name.
func (db *DB) Candidate(name string) *Candidate { return &Candidate{db: db, name: name} }

// Lead tries to lead, and to go on, and reports whether it does.
func (l *Candidate) Lead(ctx context.Context) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		err := l.conn.Ping(ctx)
		if err == nil {
			return true, nil
		}
		l.leave(ctx) // Where the connection is gone so is the lock.
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

// Resign has somebody else lead. It must be called before the database is closed, which waits for all connections.
func (l *Candidate) Resign(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.leave(ctx)
	}
}

// leave ends the connection, and the lock with it. l.mu must be held.
func (l *Candidate) leave(ctx context.Context) {
	_ = l.conn.Conn().Close(ctx) // It may be broken already.
	l.conn.Release()
	l.conn = nil
}
