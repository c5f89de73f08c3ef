package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
	"github.com/bitcraps/bitcraps/services/game/internal/store/codec"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
)

// Entries implements play.Reader.
func (s *Store) Entries(ctx context.Context, player uuid.UUID, below int64, limit int) ([]play.Entry, error) {
	var entries []play.Entry
	err := s.Read(ctx, func(tx *sql.Tx) error {
		q, wallet := s.Reading.WithTx(tx), ledger.Wallet(player)
		first, err := transferBefore(ctx, q, wallet, below)
		if err != nil {
			return err
		}
		rows, err := q.TransfersOf(ctx, int64(limit), first, wallet.String())
		for _, row := range rows {
			if row.FromAccount == wallet {
				entries = append(entries, toEntry(row, -row.Amount, row.FromBalance))
			} else {
				entries = append(entries, toEntry(row, row.Amount, row.ToBalance))
			}
		}
		return err
	})
	return entries, err
}

// transferBefore returns the id of the wallet's transfer before the given one, or of its latest transfer if below is 0; 0 for none.
func transferBefore(ctx context.Context, q *db.Queries, wallet ledger.Account, below int64) (int64, error) {
	if below == 0 {
		row, _, err := accountRow(ctx, q, wallet)
		return row.LastTransfer, err
	}
	transfer, err := q.Transfer(ctx, below)
	switch {
	case err != nil:
		return 0, notFound(err)
	case transfer.FromAccount == wallet:
		return transfer.FromPrevious, nil
	case transfer.ToAccount == wallet:
		return transfer.ToPrevious, nil
	}
	return 0, play.ErrNotFound
}

func toEntry(row db.Transfer, amount, balance int64) play.Entry {
	return play.Entry{ID: row.ID, Amount: amount, Balance: balance, Transfer: ledger.Transfer{From: row.FromAccount, To: row.ToAccount,
		Amount: row.Amount, Reason: row.Reason, Game: row.GameID, Round: uint64(row.Round), Bet: row.BetID, At: micros.Time(row.At)}}
}

// accountRow returns an account's row, which is empty for one that has none yet.
func accountRow(ctx context.Context, q *db.Queries, name ledger.Account) (row db.Account, open bool, err error) {
	row, err = q.Account(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		return db.Account{}, false, nil
	}
	return row, err == nil, err
}

// Balance implements play.Reader.
func (s *Store) Balance(ctx context.Context, name ledger.Account) (int64, bool, error) {
	row, open, err := accountRow(ctx, s.Reading, name)
	return row.Balance, open, err
}

// InPlay implements play.Reader.
func (s *Store) InPlay(ctx context.Context, player uuid.UUID) (int64, error) {
	row, _, err := accountRow(ctx, s.Reading, ledger.Wallet(player))
	return row.InPlay, err
}

// Protection implements play.Reader.
func (s *Store) Protection(ctx context.Context, player uuid.UUID) (*protection.State, error) {
	row, _, err := accountRow(ctx, s.Reading, ledger.Wallet(player))
	if err != nil {
		return nil, err
	}
	return codec.DecodeProtection(player, row.Protection)
}
