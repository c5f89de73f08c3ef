package play

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// TurnDue acts for a table whose shooter keeps others waiting: before a point the dice pass to the next seat with a line
// bet, and once a point is set the house rolls. It reports whether a round was committed. All live bets must be loaded.
func (t *Turn) TurnDue() (rolls bool, err error) {
	g := t.Game
	if g.Status != Open || g.Rolling || g.TurnDueAt.IsZero() || g.TurnDueAt.After(t.Now) {
		return false, nil
	}
	if !g.Craps.ComeOut() {
		return true, t.Close(uuid.Nil)
	}
	g.TurnDueAt = time.Time{}
	if next := t.nextShooter(); next != uuid.Nil && next != g.Shooter {
		t.giveDice(next)
		g.TurnDueAt = t.Now.Add(t.Rules.ShooterTimeout)
	}
	return false, nil
}

// nextShooter is the first player behind the shooter's seat who has a line bet, uuid.Nil where nobody has.
func (t *Turn) nextShooter() uuid.UUID {
	n, from := len(t.Game.Seats), t.Game.place(t.Game.Shooter)
	for i := range n {
		player := t.Game.Seats[(from+1+i)%n].Player
		if slices.ContainsFunc(t.live(player), isLine) {
			return player
		}
	}
	return uuid.Nil
}

// Expire acts for a table at which nothing happened since before: it gives removable bets back and closes the game. A
// hand with contracts on it is played to its end first, so that nobody can walk away from a bet that stands badly; then
// it reports that a round was committed. All live bets must be loaded.
func (t *Turn) Expire(before time.Time) (rolls bool, err error) {
	g := t.Game
	if g.Status != Open || g.Rolling || g.UpdatedAt.After(before) {
		return false, nil
	}
	for _, bet := range t.Bets {
		if bet.Status == Live && !bet.Wager.Removable(bet.rules(), g.Craps) {
			return true, t.Close(uuid.Nil)
		}
	}
	for _, bet := range t.Bets {
		if bet.Status == Live {
			t.takeBack(bet)
		}
	}
	t.close(Expired)
	return false, nil
}
