package sqlite

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
)

// account is an account as seen by a transaction.
type account struct {
	balance int64
	// inPlay is the total of the live bets of a wallet's player, and lastTransfer the id of the wallet's latest transfer. Other accounts
	// have neither.
	inPlay, lastTransfer int64
	// open is false for an account that has no row yet, and changed is true for one whose row must be written.
	open, changed bool
	// protection is the stored text of a wallet's protection, for the cache: transactions use their protections.
	protection string
}

type accounts map[ledger.Account]*account

func (a accounts) balance(name ledger.Account) int64 {
	if known := a[name]; known != nil {
		return known.balance
	}
	return 0
}

// loadAccounts loads accounts that the transaction does not have yet. There is only one writer, so nobody else changes them while it runs.
func (t *transaction) loadAccounts(ctx context.Context, names ...ledger.Account) error {
	var missing []string
	for _, name := range names {
		if t.accounts[name] != nil {
			continue
		}
		known, ok := t.cache.accounts.Get(name)
		if !ok {
			missing = append(missing, name.String())
		}
		if err := t.addAccount(name, known); err != nil {
			return err
		}
	}
	if len(missing) == 0 {
		return nil
	}
	rows, err := t.q.Accounts(ctx, jsonArray(missing))
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := t.addAccount(row.ID, account{balance: row.Balance, inPlay: row.InPlay, lastTransfer: row.LastTransfer, open: true, protection: row.Protection}); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) addAccount(name ledger.Account, a account) error {
	t.accounts[name] = &a
	return t.protections.Load(name.Owner, a.protection)
}

// Balance implements play.Tx.
func (t *transaction) Balance(ctx context.Context, name ledger.Account) (int64, bool, error) {
	if err := t.loadAccounts(ctx, name); err != nil {
		return 0, false, err
	}
	return t.accounts[name].balance, t.accounts[name].open, nil
}

// InPlay implements play.Tx.
func (t *transaction) InPlay(ctx context.Context, player uuid.UUID) (int64, error) {
	wallet := ledger.Wallet(player)
	if err := t.loadAccounts(ctx, wallet); err != nil {
		return 0, err
	}
	return t.accounts[wallet].inPlay, nil
}

// addInPlay updates the amounts that players have in play. They are written with the balances.
func (t *transaction) addInPlay(ctx context.Context, turn *play.Turn) error {
	for player, change := range turn.InPlayChanges() {
		name := ledger.Wallet(player)
		if err := t.loadAccounts(ctx, name); err != nil {
			return err
		}
		wallet := t.accounts[name]
		wallet.inPlay, wallet.changed = wallet.inPlay+change, true
	}
	return nil
}

// saveAccounts writes the accounts that changed. An account is opened by its first transfer.
func (t *transaction) saveAccounts(ctx context.Context) error {
	for name, a := range t.accounts {
		if !a.changed {
			continue
		}
		var err error
		if a.open {
			err = expectOneRow(t.q.UpdateAccount(ctx, db.UpdateAccountParams{Balance: a.balance, InPlay: a.inPlay, LastTransfer: a.lastTransfer, ID: name}))
		} else {
			err = t.q.OpenAccount(ctx, db.OpenAccountParams{ID: name, Balance: a.balance, InPlay: a.inPlay, LastTransfer: a.lastTransfer})
		}
		if err != nil {
			return fmt.Errorf("account %s: %w", name, err)
		}
		a.open, a.changed = true, false
	}
	return nil
}
