package sqlite

import (
	"context"
	"fmt"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
)

// account is what a transaction knows of one.
type account struct {
	balance int64
	// open is false for one that has no row yet.
	open bool
}

type accounts map[ledger.Account]*account

func (a accounts) balance(name ledger.Account) int64 {
	if known := a[name]; known != nil {
		return known.balance
	}
	return 0
}

// loadAccounts reads those that the transaction does not know yet. Nobody else changes them while it runs.
func (t *transaction) loadAccounts(ctx context.Context, names ...ledger.Account) error {
	var missing []string
	for _, name := range names {
		if t.accounts[name] == nil {
			t.accounts[name] = &account{}
			missing = append(missing, name.String())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	rows, err := t.q.Accounts(ctx, array(missing))
	if err != nil {
		return err
	}
	for _, row := range rows {
		*t.accounts[row.ID] = account{balance: row.Balance, open: true}
		if row.ID.Kind == ledger.KindPlayer {
			if err := t.protections.Load(row.ID.Owner, row.Protection); err != nil {
				return err
			}
		}
	}
	return nil
}

// Balance implements play.Tx.
func (t *transaction) Balance(ctx context.Context, name ledger.Account) (int64, bool, error) {
	if err := t.loadAccounts(ctx, name); err != nil {
		return 0, false, err
	}
	return t.accounts[name].balance, t.accounts[name].open, nil
}

// Transfer implements play.Tx. Balances are added up here; each account is written once, however often it moved.
func (t *transaction) Transfer(ctx context.Context, transfers ...ledger.Transfer) error {
	if len(transfers) == 0 {
		return nil
	}
	names := make([]ledger.Account, 0, 2*len(transfers))
	for _, transfer := range transfers {
		names = append(names, transfer.From, transfer.To)
	}
	if err := t.loadAccounts(ctx, names...); err != nil {
		return err
	}
	rows := make([]db.InsertTransferParams, len(transfers))
	for i, transfer := range transfers {
		from, err := t.accounts.move(transfer.From, -transfer.Amount)
		if err != nil {
			return err
		}
		to, err := t.accounts.move(transfer.To, transfer.Amount)
		if err != nil {
			return err
		}
		rows[i] = db.InsertTransferParams{
			FromAccount: transfer.From, ToAccount: transfer.To, Amount: transfer.Amount, FromBalance: from, ToBalance: to, Reason: transfer.Reason,
			GameID: transfer.Game, Round: int64(transfer.Round), BetID: transfer.Bet, At: micros.Of(transfer.At)}
	}
	if err := t.saveBalances(ctx, names); err != nil {
		return err
	}
	for _, row := range rows {
		if err := t.q.InsertTransfer(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// move changes a balance and returns the new one. An account opens with its first movement.
func (a accounts) move(name ledger.Account, delta int64) (int64, error) {
	moved := a[name]
	moved.balance, moved.open = moved.balance+delta, true
	if moved.balance < 0 && !name.MayBeNegative() {
		return 0, fmt.Errorf("move %d on %s: it would be at %d", delta, name, moved.balance)
	}
	return moved.balance, nil
}

func (t *transaction) saveBalances(ctx context.Context, names []ledger.Account) error {
	balances := make(map[string]int64, len(names))
	for _, name := range names {
		balances[name.String()] = t.accounts[name].balance
	}
	return t.q.SaveBalances(ctx, array(balances))
}
