package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/store/row"
	"github.com/bitcraps/bitcraps/services/api/internal/store/sqlite/db"
)

// AddAccount implements account.Tx.
func (t Tx) AddAccount(ctx context.Context, a account.Account) (added bool, err error) {
	ids, err := t.q.InsertAccount(ctx, db.InsertAccountParams(row.OfAccount(a)))
	return len(ids) > 0, err
}

// Account implements account.Tx.
func (t Tx) Account(ctx context.Context, player uuid.UUID) (account.Account, error) {
	return oneAccount(t.q.Account(ctx, player))
}

// AccountByEmail implements account.Tx.
func (t Tx) AccountByEmail(ctx context.Context, email string) (account.Account, error) {
	return oneAccount(t.q.AccountByEmail(ctx, email))
}

func oneAccount(found db.Account, err error) (account.Account, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return account.Account{}, account.ErrNotFound
	}
	return row.Account(found).Account(), err
}

// SavePassword implements account.Tx.
func (t Tx) SavePassword(ctx context.Context, player uuid.UUID, hash string) error {
	return t.q.UpdatePassword(ctx, hash, player)
}

// RemoveAccount implements account.Tx.
func (t Tx) RemoveAccount(ctx context.Context, player uuid.UUID) error {
	return errors.Join(t.q.DeleteAccount(ctx, player), t.q.DeleteCodesOf(ctx, player))
}

// SaveCode implements account.Tx.
func (t Tx) SaveCode(ctx context.Context, c account.Code) error {
	return t.q.UpsertCode(ctx, db.UpsertCodeParams(row.OfCode(c)))
}

// Code implements account.Tx.
func (t Tx) Code(ctx context.Context, subject string) (account.Code, error) {
	found, err := t.q.Code(ctx, subject)
	if errors.Is(err, sql.ErrNoRows) {
		return account.Code{}, account.ErrNotFound
	}
	return row.Code(found).Code(), err
}

// RemoveCode implements account.Tx.
func (t Tx) RemoveCode(ctx context.Context, subject string) error {
	return t.q.DeleteCode(ctx, subject)
}

// PruneCodes implements account.Tx.
func (t Tx) PruneCodes(ctx context.Context, before time.Time, most int) (pruned int, err error) {
	rows, err := t.q.DeleteExpiredCodes(ctx, micros.Of(before), int64(most))
	return int(rows), err
}
