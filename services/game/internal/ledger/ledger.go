// Package ledger is the double-entry book that all money moves in. A movement is a transfer from one account to another,
// so each is balanced by its form and the sum over all accounts is zero at any time. Amounts are whole tokens.
package ledger

import (
	"time"

	"github.com/google/uuid"
)

// Reason says why money moved.
type Reason string

// The reasons, which are the movements that exist.
const (
	// Bankroll gives the house what it pays wins from: issuance to house.
	Bankroll Reason = "bankroll"
	// Grant gives a new player the play balance: issuance to player.
	Grant Reason = "grant"
	// Stake puts a bet on the table: player to escrow.
	Stake Reason = "stake"
	// Removed gives a player back what was taken off the table: escrow to player.
	Removed Reason = "removed"
	// CommissionHeld puts a bet's commission beside it: player to escrow.
	CommissionHeld Reason = "commission_held"
	// CommissionBack gives it back with the bet: escrow to player.
	CommissionBack Reason = "commission_back"
	// Commission is earned once the bet is decided: escrow to house.
	Commission Reason = "commission"
	// SetAside keeps ready what a table's bets can win: house to reserve.
	SetAside Reason = "set_aside"
	// Release takes back what they can't win any more: reserve to house.
	Release Reason = "release"
	// StakeBack returns the stake of a bet that won or pushed: escrow to player.
	StakeBack Reason = "stake_back"
	// Win pays a profit: reserve to player.
	Win Reason = "win"
	// Loss gives a lost stake to the house: escrow to house.
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
