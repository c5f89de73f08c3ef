package postgres

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/libs/postgres"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

// account is an account as seen by a transaction.
type account struct {
	// loaded is the stored balance, balance the one to be stored.
	loaded, balance int64
	// open is false for an account that has no row yet.
	open bool
	// guarded is true if no other transaction can change the account unnoticed: its row is locked, or the row of its game, or the
	// version of either is checked.
	guarded bool
	// version is the version of the row if it was taken from the cache and must not have changed since, else 0.
	version uint32
	// written is true if this transaction writes the row, complete if it knows all columns.
	written, complete bool
}

type accounts map[ledger.Account]*account

// add adds accounts that were read, except those that this transaction holds guarded already.
func (a accounts) add(found map[ledger.Account]*account) {
	for name, read := range found {
		if known := a[name]; known == nil || !known.guarded {
			a[name] = read
		}
	}
}

func (a accounts) balance(name ledger.Account) int64 {
	if known := a[name]; known != nil {
		return known.balance
	}
	return 0
}

// lock locks accounts that are not guarded yet. Accounts without a row can't be locked: if two transactions open the same
// one, the second runs again.
func (t *transaction) lock(ctx context.Context, names []ledger.Account) error {
	var missing []string
	found := make(map[ledger.Account]*account)
	for _, name := range names {
		if known := t.accounts[name]; (known == nil || !known.guarded) && found[name] == nil {
			found[name] = &account{guarded: true}
			missing = append(missing, name.String())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var rows []db.Account
	await(t, &rows, func(q *db.Queries) ([]db.Account, error) { return q.LockAccounts(ctx, missing) })
	if err := t.tx.Flush(ctx); err != nil {
		return err
	}
	for _, row := range rows {
		found[row.ID] = &account{loaded: row.Balance, balance: row.Balance, open: true, guarded: true}
	}
	t.accounts.add(found)
	return nil
}

// Balance implements play.Tx. It locks the account, so that the balance can't change before the commit.
func (t *transaction) Balance(ctx context.Context, name ledger.Account) (int64, bool, error) {
	if err := t.lock(ctx, []ledger.Account{name}); err != nil {
		return 0, false, err
	}
	return t.accounts[name].balance, t.accounts[name].open, nil
}

// Transfer implements play.Tx. Balances are computed here, from the guarded accounts; each account is written once, however
// many transfers move it.
func (t *transaction) Transfer(ctx context.Context, transfers ...ledger.Transfer) error {
	if len(transfers) == 0 {
		return nil
	}
	var names []ledger.Account
	for _, transfer := range transfers {
		names = append(names, transfer.From, transfer.To)
	}
	// Shared accounts are updated by the difference, whatever their balance is, so they need not be locked before the commit.
	if err := t.lock(ctx, slices.DeleteFunc(slices.Clone(names), func(name ledger.Account) bool {
		return name.Shared() && t.accounts[name] != nil && t.accounts[name].open
	})); err != nil {
		return err
	}
	after := make([]balances, len(transfers))
	for i, transfer := range transfers {
		var err error
		if after[i], err = t.accounts.apply(transfer); err != nil {
			return err
		}
	}
	if err := t.saveAccounts(ctx, names); err != nil {
		return err
	}
	return t.later.InsertTransfers(ctx, db.InsertTransfersParams{
		FromAccounts: column(transfers, func(m ledger.Transfer) string { return m.From.String() }),
		ToAccounts:   column(transfers, func(m ledger.Transfer) string { return m.To.String() }),
		Amounts:      column(transfers, func(m ledger.Transfer) int64 { return m.Amount }),
		FromBalances: column(after, func(b balances) int64 { return b.from }),
		ToBalances:   column(after, func(b balances) int64 { return b.to }),
		Reasons:      column(transfers, func(m ledger.Transfer) string { return string(m.Reason) }),
		Games:        column(transfers, func(m ledger.Transfer) uuid.UUID { return m.Game }),
		Rounds:       column(transfers, func(m ledger.Transfer) int64 { return int64(m.Round) }),
		Bets:         column(transfers, func(m ledger.Transfer) uuid.UUID { return m.Bet }),
		At:           column(transfers, func(m ledger.Transfer) int64 { return micros.Of(m.At) }),
		House:        t.accounts.balance(ledger.House),
		Issuance:     t.accounts.balance(ledger.Issuance),
	})
}

// balances are those of both accounts after a transfer.
type balances struct{ from, to int64 }

func (a accounts) apply(transfer ledger.Transfer) (balances, error) {
	from, to := a[transfer.From], a[transfer.To]
	if transfer.Amount <= 0 {
		return balances{}, fmt.Errorf("move %d from %s: want more than 0", transfer.Amount, transfer.From)
	}
	from.balance -= transfer.Amount
	to.balance += transfer.Amount
	if from.balance < 0 && !transfer.From.MayBeNegative() {
		err := fmt.Errorf("move %d from %s: it would be at %d", transfer.Amount, transfer.From, from.balance)
		if !from.guarded { // Commands decided on a balance that may be out of date; with the current one they may decide differently.
			err = fmt.Errorf("%w: %w", postgres.ErrConflict, err)
		}
		return balances{}, err
	}
	return balances{from.balance, to.balance}, nil
}

// lockRank puts shared accounts after the others.
func lockRank(name ledger.Account) int {
	if name.Shared() {
		return 1
	}
	return 0
}

// saveAccounts writes the accounts whose balances changed. An account is opened by its first transfer, even if its balance
// is zero again after the last one.
func (t *transaction) saveAccounts(ctx context.Context, names []ledger.Account) error {
	var changed, opened []string
	var loaded, balances, first []int64
	var versions []uint32
	slices.SortFunc(names, func(a, b ledger.Account) int { // In the order in which all transactions lock.
		return cmp.Or(cmp.Compare(lockRank(a), lockRank(b)), cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.Owner[:], b.Owner[:]))
	})
	for _, name := range slices.Compact(names) {
		switch a := t.accounts[name]; {
		case !a.open:
			opened, first = append(opened, name.String()), append(first, a.balance)
			a.open, a.loaded, a.written = true, a.balance, true
		case a.balance != a.loaded, a.version != 0, name.Shared(): // Cached and shared accounts even if the balance is what it was.
			changed, loaded, balances = append(changed, name.String()), append(loaded, a.loaded), append(balances, a.balance)
			versions = append(versions, a.version)
			a.loaded, a.version, a.written = a.balance, 0, true
		}
	}
	if len(changed) > 0 {
		if err := t.later.UpdateAccounts(ctx, db.UpdateAccountsParams{Ids: changed, Loaded: loaded, Balances: balances, Versions: versions}); err != nil {
			return err
		}
	}
	if len(opened) > 0 {
		return t.later.OpenAccounts(ctx, opened, first)
	}
	return nil
}
