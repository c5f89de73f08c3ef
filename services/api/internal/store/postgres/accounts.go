package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres/db"
	"github.com/bitcraps/bitcraps/services/api/internal/store/row"
)

// AddAccount implements account.Tx.
func (t Tx) AddAccount(ctx context.Context, a account.Account) (added bool, err error) {
	ids, err := fetch(ctx, t, func(q *db.Queries) ([]uuid.UUID, error) {
		return q.InsertAccount(ctx, db.InsertAccountParams(row.OfAccount(a)))
	})
	return len(ids) > 0, err
}

// Account implements account.Tx.
func (t Tx) Account(ctx context.Context, player uuid.UUID) (account.Account, error) {
	return oneAccount(fetch(ctx, t, func(q *db.Queries) (db.Account, error) { return q.Account(ctx, player) }))
}

// AccountByEmail implements account.Tx.
func (t Tx) AccountByEmail(ctx context.Context, email string) (account.Account, error) {
	return oneAccount(fetch(ctx, t, func(q *db.Queries) (db.Account, error) { return q.AccountByEmail(ctx, email) }))
}

func oneAccount(found db.Account, err error) (account.Account, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return account.Account{}, account.ErrNotFound
	}
	return row.Account(found).Account(), err
}

// SavePassword implements account.Tx.
func (t Tx) SavePassword(ctx context.Context, player uuid.UUID, hash string) error {
	return t.exec().UpdatePassword(ctx, hash, player)
}

// RemoveAccount implements account.Tx.
func (t Tx) RemoveAccount(ctx context.Context, player uuid.UUID) error {
	return errors.Join(t.exec().DeleteAccount(ctx, player), t.exec().DeleteCodesOf(ctx, player))
}

// SaveCode implements account.Tx.
func (t Tx) SaveCode(ctx context.Context, c account.Code) error {
	return t.exec().UpsertCode(ctx, db.UpsertCodeParams(row.OfCode(c)))
}

// Code implements account.Tx.
func (t Tx) Code(ctx context.Context, subject string) (account.Code, error) {
	found, err := fetch(ctx, t, func(q *db.Queries) (db.Code, error) { return q.Code(ctx, subject) })
	if errors.Is(err, pgx.ErrNoRows) {
		return account.Code{}, account.ErrNotFound
	}
	return row.Code(found).Code(), err
}

// RemoveCode implements account.Tx.
func (t Tx) RemoveCode(ctx context.Context, subject string) error {
	return t.exec().DeleteCode(ctx, subject)
}

// PruneCodes implements account.Tx.
func (t Tx) PruneCodes(ctx context.Context, before time.Time, most int) (pruned int, err error) {
	rows, err := fetch(ctx, t, func(q *db.Queries) (int64, error) { return q.DeleteExpiredCodes(ctx, micros.Of(before), int32(most)) })
	return int(rows), err
}
