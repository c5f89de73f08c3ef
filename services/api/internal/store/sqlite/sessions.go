package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
	"github.com/bitcraps/bitcraps/services/api/internal/store/row"
	"github.com/bitcraps/bitcraps/services/api/internal/store/sqlite/db"
)

// AddSession implements session.Tx.
func (t Tx) AddSession(ctx context.Context, s session.Session) error {
	return t.q.InsertSession(ctx, db.InsertSessionParams(row.OfSession(s)))
}

// Session implements session.Tx.
func (t Tx) Session(ctx context.Context, id uuid.UUID) (session.Session, error) {
	found, err := t.q.Session(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return session.Session{}, session.ErrNotFound
	}
	return row.Session(found).Session(), err
}

// SaveSession implements session.Tx.
func (t Tx) SaveSession(ctx context.Context, s session.Session) error {
	r := row.OfSession(s)
	return t.q.UpdateSession(ctx, db.UpdateSessionParams{Client: r.Client, UsedAt: r.UsedAt, ExpiresAt: r.ExpiresAt, EndedAt: r.EndedAt,
		SecretHash: r.SecretHash, PreviousHash: r.PreviousHash, Nonce: r.Nonce, ID: r.ID})
}

// LiveSessions implements session.Tx.
func (t Tx) LiveSessions(ctx context.Context, player uuid.UUID, at time.Time) ([]session.Session, error) {
	rows, err := t.q.LiveSessions(ctx, player, micros.Of(at))
	sessions := make([]session.Session, len(rows))
	for i, found := range rows {
		sessions[i] = row.Session(found).Session()
	}
	return sessions, err
}

// ForgetClients implements session.Tx.
func (t Tx) ForgetClients(ctx context.Context, player uuid.UUID) error {
	return t.q.ClearClients(ctx, player)
}

// EndedSessions implements session.Tx.
func (t Tx) EndedSessions(ctx context.Context, after time.Time, most int) ([]session.Ended, error) {
	rows, err := t.q.EndedSessions(ctx, micros.Of(after), int64(most))
	ended := make([]session.Ended, len(rows))
	for i, found := range rows {
		ended[i] = session.Ended{ID: found.ID, At: micros.Time(found.EndedAt)}
	}
	return ended, err
}

// PruneSessions implements session.Tx.
func (t Tx) PruneSessions(ctx context.Context, before time.Time, most int) (pruned int, err error) {
	rows, err := t.q.DeleteExpiredSessions(ctx, micros.Of(before), int64(most))
	return int(rows), err
}
