// Package play implements the domain of a craps table: seats, bets, rolls, settlement and the money that they move. A Turn
// holds the state that a command needs and collects its changes; a Store loads that state and saves the changes, in one
// transaction. Nothing here knows SQL, gRPC or a clock; the contract's messages are used where they are also what is stored
// and sent to clients.
package play

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// The statuses of games, bets and rounds, as the contract defines them.
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

// Limits are the limits of one table.
type Limits struct {
	MaxPlayers     int
	MinBet, MaxBet int64
}

// Game is one table.
type Game struct {
	ID     uuid.UUID
	Status gamev1.GameStatus
	Limits Limits
	// Host is the player who created the game, or a successor if that player was deleted (Turn.Forget); uuid.Nil if nobody else
	// was seated. A private game is visible only to its host, to players who have the join code, and to seated players.
	Host    uuid.UUID
	Private bool
	// Hand and Round number the hands and the rolls from 1; Round is the number of the next roll.
	Hand, Round uint64
	Craps       craps.State
	// Exposure is the sum, over all live bets, of the most that each can win.
	Exposure int64
	// Rolling is true while a round is committed and not yet settled.
	Rolling bool
	// Shooter is the player who has the dice; uuid.Nil if the house rolls or no seat is taken.
	Shooter uuid.UUID
	// LeftSeat is the seat number of a shooter who left in the middle of a hand, kept until another player has the dice; else 0.
	LeftSeat int
	// Seats are in seat order.
	Seats []Seat
	// Sequence is the number of the latest event.
	Sequence uint64
	// TurnDueAt is when the table stops waiting for the shooter; zero while no other player is waiting.
	TurnDueAt            time.Time
	CreatedAt, UpdatedAt time.Time
}

// Seat is a player's seat at a table.
type Seat struct {
	Number   int
	Player   uuid.UUID
	JoinedAt time.Time
}

// VisibleTo reports whether a player may see the game without having been admitted by its join code.
func (g *Game) VisibleTo(player uuid.UUID) bool {
	return !g.Private || player != uuid.Nil && (g.Host == player || g.Seated(player))
}

// Seated reports whether the player has a seat.
func (g *Game) Seated(player uuid.UUID) bool { return g.seatIndex(player) >= 0 }

// seatIndex returns the player's index in Seats, or -1 if the player has no seat.
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
	// Commission was paid on top of the stake; it is held in escrow until the bet is decided.
	Commission int64
	Seed       string
	Status     gamev1.BetStatus
	// PlacedRound is the first round that the bet takes part in, DecidedRound the round that decided it, or 0.
	PlacedRound, DecidedRound uint64
	// Payout is the amount returned to the wallet, including the stake.
	Payout   int64
	PlacedAt time.Time
}

func (b *Bet) rules() craps.Bet { return craps.Bet{Number: b.Number, Working: b.Working} }

// inPlay is the amount that the bet holds in escrow: stake and commission while it is live.
func (b *Bet) inPlay() int64 {
	if b.Status != Live {
		return 0
	}
	return b.Amount + b.Commission
}

// committed is the bet in the form that a round's commitment covers.
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
	// State and Bets are what the commitment's hashes cover: the state of the game before the roll, and every live bet in the
	// order of the ids.
	State    protocol.State
	Bets     []protocol.Bet
	Dice     craps.Dice
	Call     craps.Call
	Decision Decision
	// Sequence is that of the DiceRolled event.
	Sequence  uint64
	ClosedAt  time.Time
	SettledAt time.Time // Zero until it is settled.
}

// CheckPayTable fails if the round was committed to under another pay table than this release's: settled by this one, it would not be paid
// as the commitment promises, and its receipt would fail.
func (r *Round) CheckPayTable() error {
	if have := craps.PayTableHash(); r.Commitment.PayTableHash != have {
		return fmt.Errorf("round %d of game %s was committed to under the pay table %x, and this release has %x; run the release that committed to it until the round is settled",
			r.Number, r.Game, r.Commitment.PayTableHash[:4], have[:4])
	}
	return nil
}

// Result is what a settled round did to one player's bets.
type Result struct {
	Game   uuid.UUID
	Round  uint64
	Player uuid.UUID
	// Bets is how many took part, Payout the amount that they returned.
	Bets   int
	Payout int64
	// Balance is that of the player's wallet after the settlement.
	Balance int64
	// Decided totals the bets that the round decided; it counts for the player's scores, and is zero for a deleted player.
	Decided Decided
}

// Decision is the validators' answer: the height of the block that made a commitment final, and the beacon that followed it.
type Decision struct {
	Height          int64
	BeaconHeight    int64
	BeaconSignature []byte
}
