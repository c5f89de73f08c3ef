package play_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/replay"
)

func TestPassLineThroughAHand(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	bet := tb.mustBet(alice, "pass", 50, 0)
	tb.rollTo(alice, 6)
	if tb.game.Craps.Point != 6 || tb.bets[bet.ID].Status != play.Live {
		t.Fatalf("after a 6: point %d, bet %s", tb.game.Craps.Point, tb.bets[bet.ID].Status)
	}
	tb.mustBet(alice, "odds_pass", 100, 0)
	tb.rollTo(alice, 6)
	if got := tb.accounts[ledger.Wallet(alice)]; got != grant+50+120 {
		t.Errorf("wallet = %d", got)
	}
	if got := tb.bets[bet.ID]; got.Payout != 100 || got.DecidedRound != 2 || got.Status != play.Won {
		t.Errorf("bet = %+v", got)
	}
	if tb.game.Round != 3 || tb.game.Hand != 1 {
		t.Errorf("round %d, hand %d", tb.game.Round, tb.game.Hand)
	}
}

func TestComeBetsTravelAndTakeTheirOdds(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	tb.mustBet(alice, "pass_line", 10, 0)
	tb.rollTo(alice, 8)
	come := tb.mustBet(alice, "come", 20, 0)
	tb.rollTo(alice, 5)
	if tb.bets[come.ID].Number != 5 {
		t.Fatalf("the come bet stands on %d", tb.bets[come.ID].Number)
	}
	_, err := tb.bet(alice, "odds_come", 20, 6)
	tb.expectReason(err, errorsv1.Reason_REASON_FLAT_BET_REQUIRED)
	odds := tb.mustBet(alice, "odds_come", 80, 5)
	second := tb.mustBet(alice, "come", 20, 0)
	tb.rollTo(alice, 5) // The established bet wins, and the pending one takes its place.
	if tb.bets[come.ID].Payout != 40 || tb.bets[odds.ID].Payout != 200 || tb.bets[second.ID].Number != 5 {
		t.Errorf("come %+v, odds %+v, second %+v", tb.bets[come.ID], tb.bets[odds.ID], tb.bets[second.ID])
	}
}

func TestSevenOutPassesTheDice(t *testing.T) {
	tb, alice, bob := newTable(t), uuid.UUID{1}, uuid.UUID{2}
	tb.create(alice, limits)
	if err := tb.do(func(t *play.Turn) error { return t.Join(bob) }); err != nil {
		t.Fatal(err)
	}
	tb.mustBet(alice, "pass_line", 10, 0)
	tb.mustBet(bob, "dont_pass", 10, 0)
	tb.expectReason(tb.roll(bob, 1), errorsv1.Reason_REASON_NOT_SHOOTER)
	tb.rollTo(alice, 4)
	tb.rollTo(alice, 7)
	if tb.game.Shooter != bob || tb.game.Hand != 2 || tb.accounts[ledger.Wallet(bob)] != grant+10 {
		t.Errorf("shooter %s, hand %d, bob has %d", tb.game.Shooter, tb.game.Hand, tb.accounts[ledger.Wallet(bob)])
	}
	tb.expectReason(tb.roll(bob, 1), errorsv1.Reason_REASON_LINE_BET_REQUIRED)
}

func TestRefusalReasons(t *testing.T) {
	tb, alice, bob := newTable(t), uuid.UUID{1}, uuid.UUID{2}
	tb.create(alice, limits)
	refuse := func(player uuid.UUID, wager string, amount int64, number uint8, reason errorsv1.Reason) {
		t.Helper()
		before := tb.sequence
		_, err := tb.bet(player, wager, amount, number)
		tb.expectReason(err, reason)
		if tb.sequence != before {
			t.Errorf("%s %d emitted an event", wager, amount)
		}
	}
	refuse(bob, "pass_line", 10, 0, errorsv1.Reason_REASON_NOT_SEATED)
	refuse(alice, "lucky_socks", 10, 0, errorsv1.Reason_REASON_WAGER_UNKNOWN)
	refuse(alice, "pass_line", 9, 0, errorsv1.Reason_REASON_AMOUNT_OUT_OF_LIMITS)
	refuse(alice, "pass_line", 501, 0, errorsv1.Reason_REASON_AMOUNT_OUT_OF_LIMITS)
	refuse(alice, "place_6", 10, 0, errorsv1.Reason_REASON_AMOUNT_NOT_MULTIPLE)
	refuse(alice, "come", 10, 0, errorsv1.Reason_REASON_WRONG_PHASE)
	refuse(alice, "odds_pass", 10, 0, errorsv1.Reason_REASON_WRONG_PHASE)
	refuse(alice, "odds_come", 10, 0, errorsv1.Reason_REASON_NUMBER_INVALID)
	refuse(alice, "field", 10, 6, errorsv1.Reason_REASON_NUMBER_INVALID)
	tb.mustBet(alice, "pass_line", 100, 0)
	refuse(alice, "pass_line", 10, 0, errorsv1.Reason_REASON_BET_EXISTS)
	tb.mustBet(alice, "hard_6", 500, 0)
	refuse(alice, "hard_8", 500, 0, errorsv1.Reason_REASON_INSUFFICIENT_FUNDS)
	tb.rollTo(alice, 4)
	refuse(alice, "dont_pass", 10, 0, errorsv1.Reason_REASON_WRONG_PHASE)
	refuse(alice, "odds_pass", 301, 0, errorsv1.Reason_REASON_ODDS_OVER_LIMIT)
	refuse(alice, "odds_pass", 100, 5, errorsv1.Reason_REASON_NUMBER_INVALID)
	refuse(alice, "odds_dont_pass", 10, 0, errorsv1.Reason_REASON_FLAT_BET_REQUIRED)
	_, err := tb.bet(alice, "field", 10, 0)
	tb.expectReason(err, errorsv1.Reason_REASON_UNSPECIFIED)

	if err := tb.do(func(t *play.Turn) error { return t.CloseBetting(alice) }); err != nil {
		t.Fatal(err)
	}
	refuse(alice, "field", 10, 0, errorsv1.Reason_REASON_BETTING_CLOSED)
	tb.expectReason(tb.do(func(t *play.Turn) error { return t.Leave(alice) }), errorsv1.Reason_REASON_BETTING_CLOSED)
}

func TestWorkingOnlyForRestingBets(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	for wager, reason := range map[string]errorsv1.Reason{"field": errorsv1.Reason_REASON_WORKING_NOT_APPLICABLE, "hard_6": errorsv1.Reason_REASON_UNSPECIFIED} {
		tb.expectReason(tb.do(func(t *play.Turn) error {
			_, err := t.PlaceBet(play.NewBet{Player: alice, Wager: wager, Amount: 10, Working: true})
			return err
		}), reason)
	}
}

func TestRemoval(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	pass := tb.mustBet(alice, "pass_line", 10, 0)
	if err := tb.remove(pass.ID); err != nil || tb.accounts[ledger.Wallet(alice)] != grant {
		t.Errorf("before the point: %v, wallet %d", err, tb.accounts[ledger.Wallet(alice)])
	}
	if err := tb.remove(pass.ID); err != nil {
		t.Errorf("again: %v", err)
	}
	pass, dont := tb.mustBet(alice, "pass_line", 10, 0), tb.mustBet(alice, "dont_pass", 10, 0)
	tb.rollTo(alice, 9)
	odds := tb.mustBet(alice, "odds_dont_pass", 30, 0)
	tb.expectReason(tb.remove(pass.ID), errorsv1.Reason_REASON_BET_LOCKED)
	if err := tb.remove(dont.ID); err != nil || tb.bets[odds.ID].Status != play.Removed {
		t.Errorf("dont_pass: %v; its odds are %s", err, tb.bets[odds.ID].Status)
	}
	tb.rollTo(alice, 9)
	tb.expectReason(tb.remove(pass.ID), errorsv1.Reason_REASON_BET_DECIDED)
}

func TestHousePlaysContractsOfPlayerWhoLeft(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	pass, field := tb.mustBet(alice, "pass_line", 10, 0), (*play.Bet)(nil)
	tb.rollTo(alice, 10)
	field = tb.mustBet(alice, "field", 10, 0)
	if err := tb.do(func(t *play.Turn) error { return t.Leave(alice) }); err != nil {
		t.Fatal(err)
	}
	if tb.bets[pass.ID].Status != play.Live || tb.bets[field.ID].Status != play.Removed || tb.game.Shooter != uuid.Nil {
		t.Fatalf("pass %s, field %s, shooter %s", tb.bets[pass.ID].Status, tb.bets[field.ID].Status, tb.game.Shooter)
	}
	tb.now = tb.game.TurnDueAt
	var rolls bool
	if err := tb.do(func(t *play.Turn) (err error) { rolls, err = t.TurnDue(); return err }); err != nil || !rolls {
		t.Fatalf("the house does not roll: %v", err)
	}
	tb.settleTo(10)
	if tb.bets[pass.ID].Payout != 20 || tb.game.Status != play.Completed {
		t.Errorf("pass %+v, game %s", tb.bets[pass.ID], tb.game.Status)
	}
}

func TestDicePassAfterShooterTimeout(t *testing.T) {
	tb, alice, bob := newTable(t), uuid.UUID{1}, uuid.UUID{2}
	tb.create(alice, limits)
	if err := tb.do(func(t *play.Turn) error { return t.Join(bob) }); err != nil {
		t.Fatal(err)
	}
	due := func() (rolls bool) {
		t.Helper()
		if err := tb.do(func(t *play.Turn) (err error) { rolls, err = t.TurnDue(); return err }); err != nil {
			t.Fatal(err)
		}
		return rolls
	}
	tb.mustBet(bob, "pass_line", 10, 0)
	if due(); tb.game.Shooter != alice {
		t.Fatal("the dice pass on before the shooter's time is over")
	}
	tb.now = tb.game.TurnDueAt
	if due() || tb.game.Shooter != bob {
		t.Fatalf("shooter is %s", tb.game.Shooter)
	}
	tb.rollTo(bob, 5)
	tb.mustBet(alice, "field", 10, 0)
	tb.now = tb.game.TurnDueAt
	if !due() {
		t.Error("a point is set, and the house does not roll for the shooter")
	}
}

// TestJoiningDoesNotExtendShooterTimeout has a player join and leave while the others wait.
func TestJoiningDoesNotExtendShooterTimeout(t *testing.T) {
	tb, alice, bob, eve := newTable(t), uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	tb.create(alice, limits)
	do := func(command func(*play.Turn) error) {
		t.Helper()
		if err := tb.do(command); err != nil {
			t.Fatal(err)
		}
	}
	do(func(t *play.Turn) error { return t.Join(bob) })
	tb.mustBet(alice, "pass_line", 10, 0)
	tb.mustBet(bob, "pass_line", 10, 0)
	tb.rollTo(alice, 4)
	due := tb.game.TurnDueAt
	tb.now = tb.now.Add(due.Sub(tb.now) / 2)
	do(func(t *play.Turn) error { return t.Join(eve) })
	do(func(t *play.Turn) error { return t.Leave(eve) })
	if !tb.game.TurnDueAt.Equal(due) {
		t.Errorf("the shooter has until %s instead of %s", tb.game.TurnDueAt, due)
	}
	do(func(t *play.Turn) error { return t.Leave(alice) })
	if !tb.game.TurnDueAt.After(due) {
		t.Error("the house, which rolls for the shooter who left, has no timeout of its own")
	}
}

func TestIdleGamesExpireButContractsPlayOut(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	tb.mustBet(alice, "pass_line", 10, 0)
	expire := func(after time.Duration) (rolls bool) {
		t.Helper()
		tb.now = tb.now.Add(after)
		if err := tb.do(func(t *play.Turn) (err error) { rolls, err = t.Expire(tb.now.Add(-time.Hour)); return err }); err != nil {
			t.Fatal(err)
		}
		return rolls
	}
	if expire(time.Minute); tb.game.Status != play.Open {
		t.Fatal("expired within a minute")
	}
	tb.rollTo(alice, 4)
	if !expire(2 * time.Hour) {
		t.Fatal("a pass line bet with a point is not played out")
	}
	tb.settleTo(7)
	tb.mustBet(alice, "pass_line", 10, 0)
	if expire(2*time.Hour) || tb.game.Status != play.Expired || tb.accounts[ledger.Wallet(alice)] != grant-10 {
		t.Errorf("status %s, wallet %d", tb.game.Status, tb.accounts[ledger.Wallet(alice)])
	}
	_, err := tb.bet(alice, "field", 10, 0)
	tb.expectReason(err, errorsv1.Reason_REASON_GAME_CLOSED)
}

// TestDicePassFromSeatOfShooterWhoLeft has the house play the hand to its end; then the dice pass on from the seat that the shooter left.
func TestDicePassFromSeatOfShooterWhoLeft(t *testing.T) {
	alice, bob, carol, dave := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}, uuid.UUID{4}
	for name, tc := range map[string]struct {
		meanwhile func(*table)
		want      uuid.UUID
	}{
		"to the next seat":                         {func(*table) {}, carol},
		"past a player who leaves too":             {func(tb *table) { tb.leave(carol) }, alice},
		"to a player who joins after":              {func(tb *table) { tb.leave(carol); tb.join(dave) }, dave},
		"to a player who joins an empty table":     {func(tb *table) { tb.leave(carol); tb.leave(alice); tb.join(dave) }, dave},
		"to the shooter, who rejoined and is last": {func(tb *table) { tb.leave(carol); tb.join(bob) }, bob},
	} {
		t.Run(name, func(t *testing.T) {
			tb := newTable(t)
			tb.create(alice, limits)
			tb.join(bob, carol)
			tb.must(func(t *play.Turn) error { return t.PassDice(alice) })
			tb.mustBet(bob, "pass_line", 10, 0)
			tb.rollTo(bob, 4)
			tb.leave(bob)
			tc.meanwhile(tb)
			tb.rollTo(uuid.Nil, 7)
			if tb.game.Shooter != tc.want || tb.game.LeftSeat != 0 {
				t.Errorf("shooter %s, left seat %d", tb.game.Shooter, tb.game.LeftSeat)
			}
			if err := replay.Game(t.Context(), tb, tb.game.ID, func(*play.Round) error { return nil }); err != nil {
				t.Error(err)
			}
		})
	}
}
