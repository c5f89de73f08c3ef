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

// Rules are what an operator may set about all tables.
type Rules struct {
	// Grant is the play balance that a new player gets.
	Grant int64
	// ShooterTimeout is how long others wait for the shooter before the dice pass on, or the house rolls.
	ShooterTimeout time.Duration
	// Protection is for players who have set limits.
	Protection protection.Rules
}

// Turn is one transaction's view of a game: what was loaded, and what commands change.
type Turn struct {
	Rules Rules
	Now   time.Time
	NewID func() uuid.UUID

	// Game is the game; commands change it in place. It is nil where a turn was loaded for a player alone.
	Game *Game
	// Bets are the live bets that were loaded, in the order of their ids: all, or one player's. Commands change them in
	// place and append new ones; bets that are no longer live stay in the slice.
	Bets []*Bet
	// Funds are what the turns of a transaction have in common.
	*Funds
	// Reserve is what the house has set aside for this table.
	Reserve int64

	// New is true for a game that the store does not have yet.
	New bool
	// Rounds are those that were committed or settled, in order.
	Rounds []*Round
	// Results are what settlements did to each player who had bets, in the order of their ids.
	Results []Result
	// Events are what happened, in order.
	Events []*Event
	// JoinCodeHash is the hash of a private game's new join code, nil where it stays.
	JoinCodeHash []byte
	// Members are players whose standing at the table changed; the zero one is none.
	Members map[uuid.UUID]Member

	loaded loaded
}

// Round is the round that was committed or settled last in this turn, nil for none.
func (t *Turn) Round() *Round {
	if len(t.Rounds) == 0 {
		return nil
	}
	return t.Rounds[len(t.Rounds)-1]
}

// Create opens a game and seats its creator, who gets the dice.
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

// checkOpen fails where the game takes no more commands.
func (t *Turn) checkOpen() error {
	if t.Game.Status != Open {
		return errs.New(errorsv1.Reason_REASON_GAME_CLOSED, "the game is over; create or join another one")
	}
	return nil
}

// checkBettingOpen fails where bets can't be changed.
func (t *Turn) checkBettingOpen() error {
	if err := t.checkOpen(); err != nil {
		return err
	}
	if t.Game.Rolling {
		return errs.New(errorsv1.Reason_REASON_BETTING_CLOSED, "the dice are in the air; betting opens again once round %d is settled", t.Game.Round)
	}
	return nil
}

// Join seats a player. Who sits already stays.
func (t *Turn) Join(player uuid.UUID) error {
	if err := t.checkOpen(); err != nil {
		return err
	}
	g := t.Game
	if g.Seated(player) {
		return nil
	}
	if len(g.Seats) >= g.Limits.MaxPlayers {
		return errs.New(errorsv1.Reason_REASON_GAME_FULL, "all %d seats are taken", g.Limits.MaxPlayers).With("max_players", g.Limits.MaxPlayers)
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

// Leave gives a player's seat up: removable bets come back, contracts stay. All live bets must be loaded. Who has no
// seat has left already.
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
	next, number := t.playerAfter(index), g.Seats[index].Number
	g.Seats = slices.Delete(g.Seats, index, index+1)
	g.UpdatedAt = t.Now
	t.emit(&Event{Detail: &gamev1.Event_PlayerLeft{PlayerLeft: &gamev1.PlayerLeft{PlayerId: player.String()}}})
	if g.Shooter == player {
		if !g.Craps.ComeOut() || next == player {
			next = uuid.Nil // The hand goes on, and the house rolls; or nobody is left.
			g.LeftSeat = number
		}
		t.setShooter(next)
		g.TurnDueAt = time.Time{}
	}
	t.closeOrSetTurnDue()
	return nil
}

// playerAfterShooter is the player on the seat behind the shooter's, also where the shooter has left it.
func (t *Turn) playerAfterShooter() uuid.UUID {
	g := t.Game
	if index := g.seatIndex(g.Shooter); index >= 0 {
		return t.playerAfter(index)
	}
	for _, seat := range g.Seats {
		if seat.Number >= g.LeftSeat { // Who has that number came later, and sits behind the others.
			return seat.Player
		}
	}
	return t.playerAfter(-1)
}

// playerAfter is the player on the next seat.
func (t *Turn) playerAfter(index int) uuid.UUID {
	if len(t.Game.Seats) == 0 {
		return uuid.Nil
	}
	return t.Game.Seats[(index+1)%len(t.Game.Seats)].Player
}

// setShooter makes a player the shooter, or the house with uuid.Nil. Where others wait, they wait for the new one from now on.
func (t *Turn) setShooter(player uuid.UUID) {
	if t.Game.Shooter == player {
		return
	}
	t.Game.Shooter = player
	if player != uuid.Nil {
		t.Game.LeftSeat = 0
	}
	if !t.Game.TurnDueAt.IsZero() {
		t.Game.TurnDueAt = t.Now.Add(t.Rules.ShooterTimeout)
	}
	t.emit(&Event{Detail: &gamev1.Event_ShooterChanged{ShooterChanged: &gamev1.ShooterChanged{PlayerId: IDString(player)}}})
}

// liveBets are a player's live bets among those that were loaded.
func (t *Turn) liveBets(player uuid.UUID) []*Bet {
	var out []*Bet
	for _, bet := range t.Bets {
		if bet.Player == player && bet.Status == Live {
			out = append(out, bet)
		}
	}
	return out
}

// liveBet is a player's live bet on a wager and a number, nil where there is none.
func (t *Turn) liveBet(player uuid.UUID, wager *craps.Wager, number uint8) *Bet {
	for _, bet := range t.Bets {
		if bet.Player == player && bet.Status == Live && bet.Wager == wager && bet.Number == number {
			return bet
		}
	}
	return nil
}

// closeOrSetTurnDue closes a game that everybody left, once no bet lies on it, and says when the table's patience ends. That stays
// as it is for a shooter for whom others wait already, whoever comes and goes meanwhile. All live bets must be loaded.
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

// betsOnTable reports whether bets lie on the table, and whether any is of another than the shooter, for whom its owner waits.
// All live bets must be loaded.
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
