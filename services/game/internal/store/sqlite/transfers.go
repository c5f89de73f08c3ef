package sqlite

import (
	"context"
	"fmt"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
)

// Transfer implements play.Tx. Balances are computed here; each account is written once, however many transfers move it.
func (t *transaction) Transfer(ctx context.Context, transfers ...ledger.Transfer) error {
	names := make([]ledger.Account, 0, 2*len(transfers))
	for _, transfer := range transfers {
		names = append(names, transfer.From, transfer.To)
	}
	if err := t.loadAccounts(ctx, names...); err != nil {
		return err
	}
	rows, err := t.transferRows(ctx, transfers)
	if err != nil {
		return err
	}
	if err := t.saveAccounts(ctx); err != nil {
		return err
	}
	for _, row := range rows {
		if err := t.q.InsertTransfer(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// transferRows applies transfers to the accounts in memory, and returns their rows.
func (t *transaction) transferRows(ctx context.Context, transfers []ledger.Transfer) (rows []db.InsertTransferParams, err error) {
	if len(transfers) > 0 && t.lastTransfer == 0 {
		if t.lastTransfer, err = t.q.LastTransfer(ctx); err != nil {
			return nil, err
		}
	}
	for _, transfer := range transfers {
		t.lastTransfer++
		from, err := t.accounts.apply(transfer.From, -transfer.Amount, t.lastTransfer)
		if err != nil {
			return nil, err
		}
		to, err := t.accounts.apply(transfer.To, transfer.Amount, t.lastTransfer)
		if err != nil {
			return nil, err
		}
		rows = append(rows, db.InsertTransferParams{
			ID: t.lastTransfer, FromAccount: transfer.From, ToAccount: transfer.To, Amount: transfer.Amount,
			FromBalance: from.balance, ToBalance: to.balance, FromPrevious: from.previous, ToPrevious: to.previous,
			Reason: transfer.Reason, GameID: transfer.Game, Round: int64(transfer.Round), BetID: transfer.Bet, At: micros.Of(transfer.At)})
	}
	return rows, nil
}

// side is what a transfer records for one of its accounts: the balance after it, and for a wallet its previous transfer.
type side struct{ balance, previous int64 }

// apply applies one side of a transfer to an account.
func (a accounts) apply(name ledger.Account, delta, transfer int64) (side, error) {
	account := a[name]
	account.balance, account.changed = account.balance+delta, true
	if account.balance < 0 && !name.MayBeNegative() {
		return side{}, fmt.Errorf("move %d on %s: it would be at %d", delta, name, account.balance)
	}
	previous := account.lastTransfer
	if name.Kind == ledger.KindPlayer {
		account.lastTransfer = transfer
	}
	return side{account.balance, previous}, nil
}
