package play_test

import (
	"testing"

	"github.com/google/uuid"

	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

func (tb *table) wallet(player uuid.UUID) int64 { return tb.accounts[ledger.Wallet(player)] }

func TestCommissionIsEarnedWhenABetIsDecided(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	no := tb.mustBet(alice, "no_4", 120, 0) // It can win 60, and costs 3.
	if tb.wallet(alice) != grant-123 || tb.accounts[ledger.Escrow(tb.game.ID)] != 123 || no.Commission != 3 {
		t.Fatalf("wallet %d, escrow %d, commission %d", tb.wallet(alice), tb.accounts[ledger.Escrow(tb.game.ID)], no.Commission)
	}
	tb.mustBet(alice, "pass_line", 10, 0)
	house := tb.accounts[ledger.House] + tb.accounts[ledger.Reserve(tb.game.ID)]
	tb.rollTo(alice, 7)
	if tb.wallet(alice) != grant-123+180+10 || tb.accounts[ledger.House]+tb.accounts[ledger.Reserve(tb.game.ID)] != house+3-60-10 {
		t.Errorf("wallet %d, house went from %d to %d", tb.wallet(alice), house, tb.accounts[ledger.House])
	}
}

func TestCommissionIsReturnedWithTheBet(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	yes := tb.mustBet(alice, "buy_6", 200, 0)
	half := int64(100)
	if err := tb.change(yes.ID, play.BetChange{Amount: &half}); err != nil || tb.wallet(alice) != grant-105 || tb.bets[yes.ID].Commission != 5 {
		t.Errorf("halved: %v, wallet %d, commission %d", err, tb.wallet(alice), tb.bets[yes.ID].Commission)
	}
	if err := tb.remove(yes.ID); err != nil || tb.wallet(alice) != grant || tb.bets[yes.ID].Payout != 105 {
		t.Errorf("removed: %v, wallet %d, payout %d", err, tb.wallet(alice), tb.bets[yes.ID].Payout)
	}
}

func TestBetsAreReducedAndNeverRaised(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	dont := tb.mustBet(alice, "dont_pass", 100, 0)
	to := func(bet *play.Bet, amount int64) error { return tb.change(bet.ID, play.BetChange{Amount: &amount}) }
	tb.expectReason(to(dont, 101), errorsv1.Reason_REASON_BET_RAISED)
	tb.expectReason(to(dont, 9), errorsv1.Reason_REASON_AMOUNT_OUT_OF_LIMITS)
	tb.rollTo(alice, 6)
	odds := tb.mustBet(alice, "odds_dont_pass", 600, 0)
	tb.expectReason(to(dont, 90), errorsv1.Reason_REASON_ODDS_OVER_LIMIT)
	tb.expectReason(to(odds, 301), errorsv1.Reason_REASON_AMOUNT_NOT_MULTIPLE)
	tb.expectReason(to(odds, 300), errorsv1.Reason_REASON_UNSPECIFIED)
	tb.expectReason(to(dont, 50), errorsv1.Reason_REASON_UNSPECIFIED)
	if tb.wallet(alice) != grant-350 {
		t.Errorf("wallet %d", tb.wallet(alice))
	}
	come := tb.mustBet(alice, "come", 20, 0)
	tb.expectReason(to(come, 10), errorsv1.Reason_REASON_UNSPECIFIED)
	tb.rollTo(alice, 5)
	tb.expectReason(to(come, 10), errorsv1.Reason_REASON_UNSPECIFIED) // Nothing changes.
	tb.expectReason(tb.remove(come.ID), errorsv1.Reason_REASON_BET_LOCKED)
	tb.rollTo(alice, 7)
	tb.expectReason(to(dont, 10), errorsv1.Reason_REASON_BET_DECIDED)
}

func TestRestingBetsCanBeSetToWork(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	place, field := tb.mustBet(alice, "place_8", 12, 0), tb.mustBet(alice, "field", 10, 0)
	tb.mustBet(alice, "pass_line", 10, 0)
	on := true
	tb.expectReason(tb.change(place.ID, play.BetChange{Working: &on}), errorsv1.Reason_REASON_UNSPECIFIED)
	tb.expectReason(tb.change(field.ID, play.BetChange{Working: &on}), errorsv1.Reason_REASON_UNSPECIFIED) // It works already.
	off := false
	tb.expectReason(tb.change(field.ID, play.BetChange{Working: &off}), errorsv1.Reason_REASON_WORKING_NOT_APPLICABLE)
	tb.rollTo(alice, 8)
	if tb.bets[place.ID].Payout != 26 {
		t.Errorf("place_8 = %+v", tb.bets[place.ID])
	}
}

func TestSideBetPlacementWindows(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	fire, small := tb.mustBet(alice, "fire", 10, 0), tb.mustBet(alice, "bonus_small", 10, 0)
	if err := tb.remove(fire.ID); err != nil {
		t.Error(err)
	}
	tb.mustBet(alice, "pass_line", 10, 0)
	tb.rollTo(alice, 3)
	tb.expectReason(tb.remove(small.ID), errorsv1.Reason_REASON_BET_LOCKED)
	for _, wager := range []string{"fire", "bonus_tall", "repeater_6", "twice_hard", "ride_line"} {
		_, err := tb.bet(alice, wager, 10, 0)
		tb.expectReason(err, errorsv1.Reason_REASON_WINDOW_PASSED)
	}
	tb.mustBet(alice, "pass_line", 10, 0)
	tb.rollTo(alice, 7) // A come-out 7: the hand continues, and counting since the last 7 restarts.
	if tb.bets[small.ID].Status != play.Lost {
		t.Errorf("bonus_small is %s", tb.bets[small.ID].Status)
	}
	tb.mustBet(alice, "bonus_small", 10, 0)
	_, err := tb.bet(alice, "fire", 10, 0)
	tb.expectReason(err, errorsv1.Reason_REASON_WINDOW_PASSED)
}

// TestRemovedBetKeepsNothingSetAside has a player take back a bet for which the house set a million aside.
func TestRemovedBetKeepsNothingSetAside(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.accounts[ledger.House], tb.accounts[ledger.Issuance], tb.bankroll = 1e10, -1e10, 1e10
	tb.create(alice, play.Limits{MaxPlayers: 3, MinBet: 1, MaxBet: 1000})
	for _, takeBack := range []func(id uuid.UUID) error{tb.remove, func(id uuid.UUID) error { return tb.change(id, play.BetChange{Amount: new(int64(1))}) }} {
		bet := tb.mustBet(alice, "replay", 1000, 0)
		if reserve := tb.accounts[ledger.Reserve(tb.game.ID)]; reserve < 1_000_000 {
			t.Fatalf("%d are set aside", reserve)
		}
		if err := takeBack(bet.ID); err != nil {
			t.Fatal(err)
		}
		if reserve := tb.accounts[ledger.Reserve(tb.game.ID)]; reserve > 4096 {
			t.Errorf("%d are still set aside", reserve)
		}
	}
}

func TestHouseRefusesBetItCouldNotPay(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.accounts[ledger.House], tb.accounts[ledger.Issuance], tb.bankroll = 5000, -5000, 5000
	tb.create(alice, play.Limits{MaxPlayers: 3, MinBet: 1, MaxBet: 1000})
	_, err := tb.bet(alice, "fire", 6, 0) // It can win 5,994.
	tb.expectReason(err, errorsv1.Reason_REASON_HOUSE_LIMIT)
	fire := tb.mustBet(alice, "fire", 5, 0)
	if tb.accounts[ledger.House] != 5 || tb.accounts[ledger.Reserve(tb.game.ID)] != 4995 {
		t.Errorf("house %d, reserve %d", tb.accounts[ledger.House], tb.accounts[ledger.Reserve(tb.game.ID)])
	}
	_, err = tb.bet(alice, "pass_line", 6, 0)
	tb.expectReason(err, errorsv1.Reason_REASON_HOUSE_LIMIT)
	if err := tb.remove(fire.ID); err != nil {
		t.Fatal(err)
	}
	tb.mustBet(alice, "pass_line", 6, 0) // What was set aside for the other bet is available again.
	tb.rollTo(alice, 12)
	if tb.accounts[ledger.House] != 5006 {
		t.Errorf("house %d", tb.accounts[ledger.House])
	}
}

func TestPassDice(t *testing.T) {
	tb, alice, bob, carol := newTable(t), uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	pass := func(player uuid.UUID) error {
		return tb.do(func(t *play.Turn) error { return t.PassDice(player) })
	}
	tb.create(alice, limits)
	tb.expectReason(pass(alice), errorsv1.Reason_REASON_NO_OTHER_SHOOTER)
	for _, player := range []uuid.UUID{bob, carol} {
		if err := tb.do(func(t *play.Turn) error { return t.Join(player) }); err != nil {
			t.Fatal(err)
		}
	}
	tb.expectReason(pass(bob), errorsv1.Reason_REASON_NOT_SHOOTER)
	tb.expectReason(pass(uuid.UUID{9}), errorsv1.Reason_REASON_NOT_SEATED)
	tb.mustBet(carol, "dont_pass", 10, 0)
	if err := pass(alice); err != nil || tb.game.Shooter != carol { // Bob has no line bet.
		t.Fatalf("shooter %s, %v", tb.game.Shooter, err)
	}
	tb.rollTo(carol, 9)
	tb.expectReason(pass(carol), errorsv1.Reason_REASON_WRONG_PHASE)
	tb.rollTo(carol, 9)
	if err := pass(carol); err != nil || tb.game.Shooter != alice || tb.game.Hand != 1 { // Nobody has a line bet; the hand continues.
		t.Errorf("shooter %s, hand %d, %v", tb.game.Shooter, tb.game.Hand, err)
	}
}
