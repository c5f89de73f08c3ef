package play

import (
	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// Funds are the balances and transfers that the turns of a transaction share: a player may bet at several tables in one transaction.
type Funds struct {
	// Wallets are the balances of the loaded wallets. A player without an entry has no wallet yet.
	Wallets map[uuid.UUID]int64
	// Protections are those of the owners of loaded wallets; most owners have set nothing and have no entry.
	Protections map[uuid.UUID]*protection.State
	// House is the house's balance, without what is set aside.
	House int64
	// HouseShort is true if a command was refused because the house's balance is too low.
	HouseShort bool
	// Transfers are those of all tables, in the order in which commands made them: a command may stake what an earlier one returned at
	// another table.
	Transfers []ledger.Transfer
}

// NewFunds returns empty Funds.
func NewFunds() *Funds {
	return &Funds{Wallets: make(map[uuid.UUID]int64), Protections: make(map[uuid.UUID]*protection.State)}
}

// TakeTransfers returns the transfers that were not taken yet, and removes them.
func (f *Funds) TakeTransfers() []ledger.Transfer {
	taken := f.Transfers
	f.Transfers = nil
	return taken
}

// transfer moves an amount, unless it is zero, and keeps the loaded balances up to date.
func (t *Turn) transfer(from, to ledger.Account, amount int64, reason ledger.Reason, bet *Bet, round uint64) {
	if amount == 0 {
		return
	}
	transfer := ledger.Transfer{From: from, To: to, Amount: amount, Reason: reason, Game: t.Game.ID, Round: round, At: t.Now}
	if bet != nil {
		transfer.Bet = bet.ID
	}
	t.Transfers = append(t.Transfers, transfer)
	if bet != nil {
		t.countForLimits(bet.Player, transfer)
	}
	t.adjustBalance(from, -amount)
	t.adjustBalance(to, amount)
}

func (t *Turn) adjustBalance(account ledger.Account, delta int64) {
	switch account.Kind {
	case ledger.KindPlayer:
		if balance, loaded := t.Wallets[account.Owner]; loaded {
			t.Wallets[account.Owner] = balance + delta
		}
	case ledger.KindHouse:
		t.House += delta
	case ledger.KindReserve:
		t.Reserve += delta
	}
}
