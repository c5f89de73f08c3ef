package play

import (
	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// Funds are the money that the turns of a transaction share: a player may bet at several tables in one.
type Funds struct {
	// Wallets are those that were loaded. A player without an entry has no wallet yet.
	Wallets map[uuid.UUID]int64
	// Protections are what owners of loaded wallets have set; most have set nothing.
	Protections map[uuid.UUID]*protection.State
	// House is what the house has that is not set aside.
	House int64
	// HouseShort is true where a command was refused because the house does not have enough.
	HouseShort bool
	// Transfers are the money that moves, at all tables in the order in which commands move it: a command may stake what one before
	// it at another table gave back.
	Transfers []ledger.Transfer
}

// NewFunds are none.
func NewFunds() *Funds {
	return &Funds{Wallets: make(map[uuid.UUID]int64), Protections: make(map[uuid.UUID]*protection.State)}
}

// TakeTransfers returns those that were not taken yet.
func (f *Funds) TakeTransfers() []ledger.Transfer {
	taken := f.Transfers
	f.Transfers = nil
	return taken
}

// transfer moves money, unless it is nothing, and keeps the loaded balances up to date.
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
