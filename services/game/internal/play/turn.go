package play

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// Rules are the operator's settings for all tables.
type Rules struct {
	// Grant is the play balance that a new player receives.
	Grant int64
	// ShooterTimeout is how long other players wait for the shooter before the dice pass on, or the house rolls.
	ShooterTimeout time.Duration
	// Protection applies to players who have set limits.
	Protection protection.Rules
}

// Turn is one transaction's view of a game: what was loaded, and what commands changed.
type Turn struct {
	Rules Rules
	Now   time.Time
	NewID func() uuid.UUID

	// Game is changed in place by commands. It is nil if a turn was loaded for a player without a game.
	Game *Game
	// Bets are the live bets that were loaded, in the order of their ids: everybody's, or one player's. Commands change them
	// in place and append new ones; bets that are no longer live stay in the slice.
	Bets []*Bet
	// Funds are shared by all turns of a transaction.
	*Funds
	// Reserve is the amount that the house has set aside for this table.
	Reserve int64

	// New is true for a game that the store does not have yet.
	New bool
	// Rounds are the rounds that were committed or settled, in order.
	Rounds []*Round
	// Results are what each settlement did to each player who had bets, in the order of the players' ids.
	Results []Result
	// Events are the events emitted, in order.
	Events []*Event
	// JoinCodeHash is the hash of a private game's new join code, nil if the code is unchanged.
	JoinCodeHash []byte
	// Members are the new standings of players whose standing at the table changed; a zero Member removes the standing.
	Members map[uuid.UUID]Member

	loaded loaded
}

// Round returns the round that was committed or settled last in this turn, or nil.
func (t *Turn) Round() *Round {
	if len(t.Rounds) == 0 {
		return nil
	}
	return t.Rounds[len(t.Rounds)-1]
}

// Create opens a game and seats its creator, who becomes the shooter.
func Create(t *Turn, creator uuid.UUID, limits Limits) error {
	if limits.MinBet > limits.MaxBet {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "max_bet is %d, below min_bet of %d", limits.MaxBet, limits.MinBet).
			Field("max_bet", "must be min_bet or more")
	}
	if err := t.checkMayPlay(creator); err != nil {
		return err
	}
	t.New = true
	t.Game = &Game{ID: t.NewID(), Status: Open, Limits: limits, Host: creator, Hand: 1, Round: 1, CreatedAt: t.Now}
	t.emit(&Event{Detail: &gamev1.Event_GameCreated{GameCreated: &gamev1.GameCreated{
		PlayerId: creator.String(), MaxPlayers: int32(limits.MaxPlayers), MinBet: limits.MinBet, MaxBet: limits.MaxBet}}})
	return t.Join(creator)
}

// checkOpen fails if the game has ended.
func (t *Turn) checkOpen() error {
	if t.Game.Status != Open {
		return errs.New(errorsv1.Reason_REASON_GAME_CLOSED, "the game is over; create or join another one")
	}
	return nil
}

// checkBettingOpen fails if bets can't be changed.
func (t *Turn) checkBettingOpen() error {
	if err := t.checkOpen(); err != nil {
		return err
	}
	if t.Game.Rolling {
		return errs.New(errorsv1.Reason_REASON_BETTING_CLOSED, "the dice are in the air; betting opens again once round %d is settled", t.Game.Round)
	}
	return nil
}

// Join seats a player. It does nothing if the player is seated already. All live bets must be loaded.
func (t *Turn) Join(player uuid.UUID) error {
	if err := t.checkOpen(); err != nil {
		return err
	}
	g := t.Game
	if g.Seated(player) {
		return nil
	}
	if len(g.Seats) >= g.Limits.MaxPlayers {
		return errs.New(errorsv1.Reason_REASON_GAME_FULL, "all %d seats are taken", g.Limits.MaxPlayers).WithMetadata("max_players", g.Limits.MaxPlayers)
	}
	if err := t.checkMayPlay(player); err != nil {
		return err
	}
	seat := Seat{Number: 1, Player: player, JoinedAt: t.Now}
	if n := len(g.Seats); n > 0 {
		seat.Number = g.Seats[n-1].Number + 1
	}
	g.Seats = append(g.Seats, seat)
	g.UpdatedAt = t.Now
	t.emit(&Event{Detail: &gamev1.Event_PlayerJoined{PlayerJoined: &gamev1.PlayerJoined{PlayerId: player.String(), Seat: int32(seat.Number)}}})
	if g.Shooter == uuid.Nil && g.Craps.ComeOut() && !g.Rolling {
		t.setShooter(player)
	}
	return nil
}

// Leave gives up a player's seat: removable bets are returned, contract bets stay. It does nothing if the player has no
// seat. All live bets must be loaded.
func (t *Turn) Leave(player uuid.UUID) error {
	g := t.Game
	index := g.seatIndex(player)
	if index < 0 || g.Status != Open {
		return nil
	}
	if err := t.checkBettingOpen(); err != nil {
		return err
	}
	for _, bet := range t.liveBets(player) {
		if bet.Status == Live && bet.Wager.Removable(bet.rules(), g.Craps) {
			t.removeWithOdds(bet)
		}
	}
	othersLeft, next, number := t.departedWait(), t.playerAfter(index), g.Seats[index].Number
	g.Seats = slices.Delete(g.Seats, index, index+1)
	g.UpdatedAt = t.Now
	t.emit(&Event{Detail: &gamev1.Event_PlayerLeft{PlayerLeft: &gamev1.PlayerLeft{PlayerId: player.String()}}})
	if g.Shooter == player {
		if !g.Craps.ComeOut() || next == player {
			next = uuid.Nil // The hand continues, and the house rolls; or nobody is left.
			g.LeftSeat = number
		}
		t.setShooter(next)
		if !othersLeft {
			g.TurnDueAt = time.Time{}
		}
	}
	t.closeOrSetTurnDue()
	return nil
}

// playerAfterShooter returns the player in the seat after the shooter's, also if the shooter has left it.
func (t *Turn) playerAfterShooter() uuid.UUID {
	g := t.Game
	if index := g.seatIndex(g.Shooter); index >= 0 {
		return t.playerAfter(index)
	}
	for _, seat := range g.Seats {
		if seat.Number >= g.LeftSeat { // A player with that very number joined later, and sits after the others.
			return seat.Player
		}
	}
	return t.playerAfter(-1)
}

// playerAfter returns the player in the seat after the one with that index.
func (t *Turn) playerAfter(index int) uuid.UUID {
	if len(t.Game.Seats) == 0 {
		return uuid.Nil
	}
	return t.Game.Seats[(index+1)%len(t.Game.Seats)].Player
}

// setShooter makes a player the shooter, or the house with uuid.Nil. A running shooter timeout starts again for the new shooter, unless
// a player who has left waits for it.
func (t *Turn) setShooter(player uuid.UUID) {
	if t.Game.Shooter == player {
		return
	}
	t.Game.Shooter = player
	if player != uuid.Nil {
		t.Game.LeftSeat = 0
	}
	if !t.Game.TurnDueAt.IsZero() && !t.departedWait() {
		t.Game.TurnDueAt = t.Now.Add(t.Rules.ShooterTimeout)
	}
	t.emit(&Event{Detail: &gamev1.Event_ShooterChanged{ShooterChanged: &gamev1.ShooterChanged{PlayerId: IDString(player)}}})
}

// liveBets returns a player's live bets among those that were loaded.
func (t *Turn) liveBets(player uuid.UUID) []*Bet {
	var out []*Bet
	for _, bet := range t.Bets {
		if bet.Player == player && bet.Status == Live {
			out = append(out, bet)
		}
	}
	return out
}

// liveBet returns a player's live bet on a wager and a number, or nil.
func (t *Turn) liveBet(player uuid.UUID, wager *craps.Wager, number uint8) *Bet {
	for _, bet := range t.Bets {
		if bet.Player == player && bet.Status == Live && bet.Wager == wager && bet.Number == number {
			return bet
		}
	}
	return nil
}

// closeOrSetTurnDue closes a game without players and live bets; otherwise it sets or clears TurnDueAt. A timeout that is
// running for the shooter is kept, even as other players join and leave. All live bets must be loaded.
func (t *Turn) closeOrSetTurnDue() {
	g := t.Game
	live, othersWait := t.betsOnTable()
	switch {
	case len(g.Seats) == 0 && !live:
		t.closeGame(Completed)
	case othersWait && !g.Rolling:
		if g.TurnDueAt.IsZero() {
			g.TurnDueAt = t.Now.Add(t.Rules.ShooterTimeout)
		}
	default:
		g.TurnDueAt = time.Time{}
	}
}

// betsOnTable reports whether there are live bets, and whether any belongs to a player other than the shooter, who then waits
// for the shooter. All live bets must be loaded.
func (t *Turn) betsOnTable() (live, othersWait bool) {
	for _, bet := range t.Bets {
		if bet.Status == Live {
			live = true
			othersWait = othersWait || bet.Player != t.Game.Shooter
		}
	}
	return live, othersWait
}

func (t *Turn) closeGame(status gamev1.GameStatus) {
	t.Game.Status, t.Game.TurnDueAt, t.Game.UpdatedAt = status, time.Time{}, t.Now
	t.releaseReserve()
	t.emit(&Event{Detail: &gamev1.Event_GameClosed{GameClosed: &gamev1.GameClosed{Status: status}}})
}
