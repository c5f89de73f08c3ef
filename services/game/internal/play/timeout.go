package play

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// TurnDue handles a shooter timeout: before a point is set, the dice pass to the next seat with a line bet; once a point is
// set, or if a player who has left waits for the dice, the house rolls. It reports whether a round was committed. All live
// bets must be loaded.
func (t *Turn) TurnDue() (rolls bool, err error) {
	g := t.Game
	if g.Status != Open || g.Rolling || g.TurnDueAt.IsZero() || g.TurnDueAt.After(t.Now) {
		return false, nil
	}
	if _, othersWait := t.betsOnTable(); !othersWait {
		g.TurnDueAt = time.Time{} // The players who waited have taken their bets back.
		return false, nil
	}
	if !g.Craps.ComeOut() || t.departedWait() {
		return true, t.CloseBetting(uuid.Nil)
	}
	g.TurnDueAt = time.Time{}
	if next := t.nextShooter(); next != uuid.Nil && next != g.Shooter {
		t.setShooter(next)
		g.TurnDueAt = t.Now.Add(t.Rules.ShooterTimeout)
	}
	return false, nil
}

// PassDice passes the shooter's dice to the next seat with a line bet, or else to the next seat. All live bets must be
// loaded.
func (t *Turn) PassDice(player uuid.UUID) error {
	if err := t.checkBettingOpen(); err != nil {
		return err
	}
	g := t.Game
	if err := t.checkShooter(player); err != nil {
		return err
	}
	if !g.Craps.ComeOut() {
		return errs.New(errorsv1.Reason_REASON_WRONG_PHASE, "the point is %d; the dice can be passed on only before a point is set", g.Craps.Point)
	}
	next := t.nextShooter()
	if next == uuid.Nil || next == player {
		next = t.playerAfter(g.seatIndex(player))
	}
	if next == player {
		return errs.New(errorsv1.Reason_REASON_NO_OTHER_SHOOTER, "there is no other player at the table")
	}
	g.UpdatedAt = t.Now
	t.setShooter(next)
	if !t.departedWait() {
		g.TurnDueAt = time.Time{}
	}
	t.closeOrSetTurnDue()
	return nil
}

// departedWait reports whether a bet of a player who has left is live. Such a player can't take the dice, and those who are seated could
// pass them on without rolling forever; so that does not prolong a timeout for which the player waits. All live bets must be loaded.
func (t *Turn) departedWait() bool {
	return slices.ContainsFunc(t.Bets, func(bet *Bet) bool { return bet.Status == Live && !t.Game.Seated(bet.Player) })
}

// nextShooter returns the first player after the shooter's seat who has a line bet, or uuid.Nil.
func (t *Turn) nextShooter() uuid.UUID {
	n, from := len(t.Game.Seats), t.Game.seatIndex(t.Game.Shooter)
	for i := range n {
		player := t.Game.Seats[(from+1+i)%n].Player
		if slices.ContainsFunc(t.liveBets(player), isLine) {
			return player
		}
	}
	return uuid.Nil
}

// Expire handles a table at which nothing happened since before: it returns removable bets and closes the game. While there
// are live contract bets it rolls instead, so that nobody can walk away from a bet that is likely to lose; then it reports
// that a round was committed. All live bets must be loaded.
func (t *Turn) Expire(before time.Time) (rolls bool, err error) {
	g := t.Game
	if g.Status != Open || g.Rolling || g.UpdatedAt.After(before) {
		return false, nil
	}
	for _, bet := range t.Bets {
		if bet.Status == Live && !bet.Wager.Removable(bet.rules(), g.Craps) {
			return true, t.CloseBetting(uuid.Nil)
		}
	}
	for _, bet := range t.Bets {
		if bet.Status == Live {
			t.removeWithOdds(bet)
		}
	}
	t.closeGame(Expired)
	return false, nil
}
