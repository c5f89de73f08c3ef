// Package play decides what happens at a table: who sits, who bets, who rolls, and where money goes. A Turn holds what a
// command needs to know and gathers what it changes; a Store loads one and saves the other, in one transaction. Nothing
// here knows SQL, gRPC or a clock; the contract's messages are used where they are what is kept and shown.
package play

import (
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// Statuses are the contract's.
const (
	Open      = gamev1.GameStatus_GAME_STATUS_OPEN
	Completed = gamev1.GameStatus_GAME_STATUS_COMPLETED
	Expired   = gamev1.GameStatus_GAME_STATUS_EXPIRED

	Live    = gamev1.BetStatus_BET_STATUS_LIVE
	Won     = gamev1.BetStatus_BET_STATUS_WON
	Lost    = gamev1.BetStatus_BET_STATUS_LOST
	Pushed  = gamev1.BetStatus_BET_STATUS_PUSHED
	Removed = gamev1.BetStatus_BET_STATUS_REMOVED

	Committed = gamev1.RoundStatus_ROUND_STATUS_COMMITTED
	Settled   = gamev1.RoundStatus_ROUND_STATUS_SETTLED
)

// Limits are a table's.
type Limits struct {
	MaxPlayers     int
	MinBet, MaxBet int64
}

// Game is one table.
type Game struct {
	ID     uuid.UUID
	Status gamev1.GameStatus
	Limits Limits
	// Host created the game; uuid.Nil where the host was deleted. Private games are seen by those who have the code, and who sit there.
	Host    uuid.UUID
	Private bool
	// Hand numbers the hands from 1, Round the rolls; Round is that of the roll that comes next.
	Hand, Round uint64
	Craps       craps.State
	// Exposure is the sum of the most that each live bet can win.
	Exposure int64
	// Rolling is true while a round is committed and not yet settled.
	Rolling bool
	// Shooter has the dice; uuid.Nil where the house rolls or nobody sits.
	Shooter uuid.UUID
	// LeftSeat is the number of the seat of a shooter who left in the middle of a hand, until somebody has the dice again; 0 for none.
	LeftSeat int
	// Seats are in seat order.
	Seats []Seat
	// Sequence is the number of the latest event.
	Sequence uint64
	// TurnDueAt is when the table stops waiting for the shooter; zero while nobody waits.
	TurnDueAt            time.Time
	CreatedAt, UpdatedAt time.Time
}

// Seat is a player's place.
type Seat struct {
	Number   int
	Player   uuid.UUID
	JoinedAt time.Time
}

// VisibleTo reports whether a player may see the game without having been let in.
func (g *Game) VisibleTo(player uuid.UUID) bool {
	return !g.Private || player != uuid.Nil && (g.Host == player || g.Seated(player))
}

// Seated reports whether the player has a seat.
func (g *Game) Seated(player uuid.UUID) bool { return g.seatIndex(player) >= 0 }

// seatIndex is the player's index in Seats, -1 where there is none.
func (g *Game) seatIndex(player uuid.UUID) int {
	for i := range g.Seats {
		if g.Seats[i].Player == player {
			return i
		}
	}
	return -1
}

// Bet is a stake on a wager.
type Bet struct {
	ID, Game, Player uuid.UUID
	Wager            *craps.Wager
	Number           uint8
	Working          bool
	Amount           int64
	// Commission was paid beside the stake; it lies in escrow until the bet is decided.
	Commission int64
	Seed       string
	Status     gamev1.BetStatus
	// PlacedRound is the first round that the bet took part in, DecidedRound the one that closed it or 0.
	PlacedRound, DecidedRound uint64
	// Payout is what came back to the wallet, the stake included.
	Payout   int64
	PlacedAt time.Time
}

func (b *Bet) rules() craps.Bet { return craps.Bet{Number: b.Number, Working: b.Working} }

// inPlay is what the bet has on the table.
func (b *Bet) inPlay() int64 {
	if b.Status != Live {
		return 0
	}
	return b.Amount + b.Commission
}

// committed is the bet as a round commits to it.
func (b *Bet) committed() protocol.Bet {
	return protocol.Bet{ID: protocol.ID(b.ID), Player: protocol.ID(b.Player), Wager: b.Wager.Code, Number: b.Number,
		Working: b.Working, Amount: uint64(b.Amount), Seed: []byte(b.Seed)}
}

// Round is one roll.
type Round struct {
	Game       uuid.UUID
	Number     uint64
	Status     gamev1.RoundStatus
	Commitment protocol.Commitment
	// State and Bets are what the commitment's hashes are of: the game before the roll, and every bet on it in the order
	// of the ids.
	State    protocol.State
	Bets     []protocol.Bet
	Dice     craps.Dice
	Call     craps.Call
	Decision Decision
	// Sequence is that of the event that says what the dice did.
	Sequence  uint64
	ClosedAt  time.Time
	SettledAt time.Time // Zero until it is settled.
}

// Result is what a settled round did to one player's bets.
type Result struct {
	Game   uuid.UUID
	Round  uint64
	Player uuid.UUID
	// Bets is how many took part, Payout what came back of them.
	Bets   int
	Payout int64
	// Balance is the player's wallet behind the settlement.
	Balance int64
	// Decided is what the round decided; it counts for the player's scores, and is nothing for one who was deleted.
	Decided Decided
}

// Decision is what the validators answered: the block that made a commitment final, and the beacon behind it.
type Decision struct {
	Height          int64
	BeaconHeight    int64
	BeaconSignature []byte
}
