package play_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// must runs a command that may not fail.
func (tb *table) must(command func(*play.Turn) error) {
	if err := tb.do(command); err != nil {
		tb.t.Fatal(err)
	}
}

func (tb *table) join(players ...uuid.UUID) {
	for _, player := range players {
		tb.must(func(t *play.Turn) error { return t.Join(player) })
	}
}

func (tb *table) leave(player uuid.UUID) {
	tb.must(func(t *play.Turn) error { return t.Leave(player) })
}

// due handles the shooter timeout, and reports whether the house rolls.
func (tb *table) due() (rolls bool) {
	tb.must(func(t *play.Turn) (err error) { rolls, err = t.TurnDue(); return err })
	return rolls
}

// TestNewShooterHasFullTimeout has a player take dice that nobody holds, a moment before the house's timeout ends.
func TestNewShooterHasFullTimeout(t *testing.T) {
	alice, bob, carol, dave := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}, uuid.UUID{4}
	for name, take := range map[string]struct {
		player uuid.UUID
		do     func(*table)
	}{
		"a line bet": {carol, func(tb *table) { tb.mustBet(carol, "pass_line", 10, 0) }},
		"a seat":     {dave, func(tb *table) { tb.join(dave) }},
	} {
		t.Run(name, func(t *testing.T) {
			tb := newTable(t)
			tb.create(alice, limits)
			tb.join(bob, carol)
			tb.mustBet(alice, "pass_line", 10, 0)
			tb.rollTo(alice, 4)
			tb.mustBet(carol, "dont_come", 10, 0)
			tb.rollTo(alice, 6)
			tb.leave(alice)
			tb.now = tb.game.TurnDueAt
			if !tb.due() {
				t.Fatal("the house does not roll for the shooter who left")
			}
			tb.settleTo(4)
			due := tb.game.TurnDueAt
			tb.now = due.Add(-time.Second)
			take.do(tb)
			tb.mustBet(bob, "pass_line", 10, 0)
			tb.now = due
			if tb.due() || tb.game.Shooter != take.player {
				t.Errorf("after a second the shooter is %s", tb.game.Shooter)
			}
			if tb.now = due.Add(30 * time.Second); tb.due() || tb.game.Shooter != bob {
				t.Errorf("after the whole timeout the shooter is %s", tb.game.Shooter)
			}
		})
	}
}

// TestNoTimeoutWithoutWaitingPlayers has the only waiting player take the bet back.
func TestNoTimeoutWithoutWaitingPlayers(t *testing.T) {
	tb, alice, bob := newTable(t), uuid.UUID{1}, uuid.UUID{2}
	tb.create(alice, limits)
	tb.join(bob)
	tb.mustBet(alice, "pass_line", 10, 0)
	tb.rollTo(alice, 4)
	field := tb.mustBet(bob, "field", 10, 0)
	if err := tb.remove(field.ID); err != nil {
		t.Fatal(err)
	}
	tb.now = tb.game.TurnDueAt
	if tb.due() || !tb.game.TurnDueAt.IsZero() {
		t.Errorf("the house rolls, or still waits until %s", tb.game.TurnDueAt)
	}
	tb.mustBet(bob, "field", 10, 0)
	if tb.now = tb.game.TurnDueAt; !tb.due() {
		t.Error("the house does not roll while a bet waits")
	}
}

// TestHousePlaysAbandonedTable leaves a contract that outlives the hand's point.
func TestHousePlaysAbandonedTable(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	tb.mustBet(alice, "pass_line", 10, 0)
	tb.rollTo(alice, 4)
	come := tb.mustBet(alice, "come", 10, 0)
	tb.rollTo(alice, 6)
	tb.leave(alice)
	for _, total := range []uint8{4, 11, 6} { // The point, a come-out roll, and the come bet's number.
		if tb.now = tb.game.TurnDueAt; !tb.due() {
			t.Fatalf("the house does not roll the %d", total)
		}
		tb.settleTo(total)
	}
	if got := tb.bets[come.ID]; got.Status != play.Won || tb.game.Status != play.Completed {
		t.Errorf("the come bet is %s, the game %s", got.Status, tb.game.Status)
	}
}

// TestSeatedPlayersCannotDelayBetOfPlayerWhoLeft has two players whose table is full do everything that gives a shooter more time, at a
// come-out roll, while a contract of a third one waits for the dice.
func TestSeatedPlayersCannotDelayBetOfPlayerWhoLeft(t *testing.T) {
	alice, bob, carol := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	pass := func(tb *table) { tb.must(func(t *play.Turn) error { return t.PassDice(tb.game.Shooter) }) }
	for name, delay := range map[string]func(*table){
		"other bets": func(tb *table) {
			if err := tb.remove(tb.mustBet(bob, "field", 1, 0).ID); err != nil {
				t.Error(err)
			}
		},
		"the dice are passed on": func(tb *table) { pass(tb); pass(tb) },
		"line bets": func(tb *table) {
			for _, player := range []uuid.UUID{bob, carol} {
				tb.mustBet(player, "pass_line", 1, 0)
			}
			pass(tb)
		},
		"the shooter leaves and comes back": func(tb *table) { tb.leave(tb.game.Shooter); tb.join(bob, carol) },
		"both leave and come back":          func(tb *table) { tb.leave(bob); tb.leave(carol); tb.join(bob, carol) },
	} {
		t.Run(name, func(t *testing.T) {
			tb := newTable(t)
			tb.create(alice, play.Limits{MaxPlayers: 2, MinBet: 1, MaxBet: 500})
			tb.join(bob)
			tb.mustBet(alice, "pass_line", 10, 0)
			tb.rollTo(alice, 6)
			come := tb.mustBet(alice, "come", 500, 0)
			tb.rollTo(alice, 5)
			tb.rollTo(alice, 6)
			tb.leave(alice)
			tb.join(carol)
			due := tb.game.TurnDueAt
			if due.IsZero() {
				t.Fatal("nobody is waited for")
			}
			tb.now = due.Add(-time.Second)
			delay(tb)
			if tb.now = due; !tb.due() {
				t.Fatalf("the house does not roll; the turn is due at %s, not at %s", tb.game.TurnDueAt, due)
			}
			tb.settleTo(5)
			if got := tb.bets[come.ID]; got.Status != play.Won {
				t.Errorf("the come bet is %s", got.Status)
			}
		})
	}
}
