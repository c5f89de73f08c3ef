// Package ledger defines the double-entry ledger: its accounts, and the transfers between them. Every movement of money is one
// transfer from one account to another, so each is balanced by construction and the sum of all balances is always zero. Amounts
// are whole tokens.
package ledger

import (
	"time"

	"github.com/google/uuid"
)

// Reason is why money was transferred.
type Reason string

// The reasons, which list all movements that exist.
const (
	// Bankroll funds the house, which pays wins from it: issuance to house.
	Bankroll Reason = "bankroll"
	// Grant gives a new player the play balance: issuance to player.
	Grant Reason = "grant"
	// Stake puts a bet on the table: player to escrow.
	Stake Reason = "stake"
	// Removed returns a stake, or a part of one, that the player took back: escrow to player.
	Removed Reason = "removed"
	// CommissionHeld holds a bet's commission until the bet is decided: player to escrow.
	CommissionHeld Reason = "commission_held"
	// CommissionBack returns the commission of a stake that the player took back: escrow to player.
	CommissionBack Reason = "commission_back"
	// Commission is the commission that is earned once the bet is decided: escrow to house.
	Commission Reason = "commission"
	// SetAside reserves what a table's bets can win: house to reserve.
	SetAside Reason = "set_aside"
	// Release returns what they can no longer win: reserve to house.
	Release Reason = "release"
	// StakeBack returns the stake of a bet that won or pushed: escrow to player.
	StakeBack Reason = "stake_back"
	// Win pays a profit: reserve to player.
	Win Reason = "win"
	// Loss pays a lost stake to the house: escrow to house.
	Loss Reason = "loss"
)

// Transfer moves a positive amount from one account to another.
type Transfer struct {
	From, To Account
	Amount   int64
	Reason   Reason
	// Game, Round and Bet are what the transfer belongs to; zero if there is none.
	Game  uuid.UUID
	Round uint64
	Bet   uuid.UUID
	At    time.Time
}
