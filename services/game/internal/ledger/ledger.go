// Package ledger is the double-entry book that all money moves in. A movement is a transfer from one account to another,
// so each is balanced by its form and the sum over all accounts is zero at any time. Amounts are whole tokens.
package ledger

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// Account names an account.
type Account string

// The accounts that exist once.
const (
	// Issuance is where tokens come from; its balance is minus what was ever issued.
	Issuance Account = "issuance"
	// House wins what players lose and pays what they win.
	House Account = "house"
)

const (
	playerPrefix = "player:"
	escrowPrefix = "escrow:"
)

// Wallet is a player's account.
func Wallet(player uuid.UUID) Account { return Account(playerPrefix + player.String()) }

// Escrow is the account of a game: what lies on its table.
func Escrow(game uuid.UUID) Account { return Account(escrowPrefix + game.String()) }

// MayBeNegative reports whether an account may owe. Players and tables never do.
func (a Account) MayBeNegative() bool {
	return !strings.HasPrefix(string(a), playerPrefix) && !strings.HasPrefix(string(a), escrowPrefix)
}

// Reason says why money moved.
type Reason string

// The reasons.
const (
	// Bankroll gives the house what it pays wins from.
	Bankroll Reason = "bankroll"
	// Grant gives a new player the play balance.
	Grant Reason = "grant"
	// Stake puts a bet on the table.
	Stake Reason = "stake"
	// StakeBack returns a stake: of a bet that won, pushed or was removed.
	StakeBack Reason = "stake_back"
	// Win pays a profit.
	Win Reason = "win"
	// Loss gives a lost stake to the house.
	Loss Reason = "loss"
)

// Transfer moves an amount, which is more than zero, from one account to another.
type Transfer struct {
	From, To Account
	Amount   int64
	Reason   Reason
	// Game, Round and Bet say what the transfer belongs to; zero where there is nothing to name.
	Game  uuid.UUID
	Round uint64
	Bet   uuid.UUID
	At    time.Time
}
