package storetest

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

func testTrackers(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	f.bet(id, alice, "pass_line")
	var want craps.State
	for _, total := range []uint8{4, 10, 8, 4, 11, 6, 12, 2, 6} {
		want = want.Roll(f.roll(id, alice, total).Dice).After
		game, err := f.store.Game(t.Context(), id)
		f.must(err)
		if game.Craps != want {
			t.Fatalf("after a %d the state is %+v, want %+v", total, game.Craps, want)
		}
		if game.Craps.ComeOut() {
			f.bet(id, alice, "pass_line") // The shooter needs a line bet.
		}
	}
	if want.Since7 == (craps.Since7{}) || want.Hand == (craps.Hand{}) {
		t.Errorf("the rolls leave no history: %+v", want)
	}
}

func testLeftSeat(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	id := f.create(alice)
	f.must(f.do(play.Key{Game: id, Player: bob}, func(turn *play.Turn) error { return turn.Join(bob) }))
	f.bet(id, alice, "pass_line")
	f.roll(id, alice, 6)
	f.must(f.do(play.Key{Game: id, All: true}, func(turn *play.Turn) error { return turn.Leave(alice) }))
	want := func(shooter uuid.UUID, seat int) {
		t.Helper()
		game, err := f.store.Game(t.Context(), id)
		f.must(err)
		if game.Shooter != shooter || game.LeftSeat != seat {
			t.Errorf("shooter %s, seat %d is left; want %s, %d", game.Shooter, game.LeftSeat, shooter, seat)
		}
	}
	want(uuid.Nil, 1)
	f.roll(id, uuid.Nil, 7)
	want(bob, 0)
}

func testCommission(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	f.bet(id, alice, "pass_line")
	const stake = 120
	var bet *play.Bet
	f.must(f.do(play.Key{Game: id, Player: alice}, func(turn *play.Turn) (err error) {
		bet, err = turn.PlaceBet(play.NewBet{Player: alice, Wager: commissionWager(stake).Name, Amount: stake})
		return err
	}))
	live, err := f.store.LiveBets(t.Context(), id)
	f.must(err)
	inPlay, err := f.store.InPlay(t.Context(), alice)
	f.must(err)
	if bet.Commission == 0 || len(live) != 2 || *live[1] != *bet || inPlay != 10+stake+bet.Commission || f.balance(ledger.Escrow(id)) != inPlay {
		t.Errorf("bet %+v, live %+v, in play %d", bet, live, inPlay)
	}
	f.must(f.do(play.Key{Game: id, Player: alice}, func(turn *play.Turn) error { return turn.RemoveBet(turn.Bets[1]) }))
	if wallet := f.balance(ledger.Wallet(alice)); wallet != 990 {
		t.Errorf("wallet = %d", wallet)
	}
}

// commissionWager returns a wager that charges a commission on a stake and can be placed at any time.
func commissionWager(stake int64) *craps.Wager {
	for _, wager := range craps.Wagers() {
		if wager.Behind == nil && wager.Place.Open(craps.State{}) && stake%wager.Multiple(0) == 0 && wager.CommissionFor(stake) > 0 {
			return wager
		}
	}
	return nil
}

func testResults(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	id := f.create(alice)
	f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error { return turn.Join(bob) }))
	f.bet(id, alice, "pass_line")
	f.bet(id, alice, "field")
	f.bet(id, bob, "field")
	f.roll(id, alice, 11) // The line wins, and so does the field.
	for player, want := range map[uuid.UUID]play.Result{
		alice: {Game: id, Round: 1, Player: alice, Bets: 2, Payout: 40, Balance: 1020},
		bob:   {Game: id, Round: 1, Player: bob, Bets: 1, Payout: 20, Balance: 1010},
	} {
		if got, err := f.store.Result(t.Context(), id, 1, player); err != nil || got != want {
			t.Errorf("result = %+v, %v; want %+v", got, err, want)
		}
	}
	if _, err := f.store.Result(t.Context(), id, 1, newID()); !errors.Is(err, play.ErrNotFound) {
		t.Errorf("the result of a player without bets: %v", err)
	}
}

func testLiveBets(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	id, other := f.create(alice), f.create(bob)
	f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error { return turn.Join(bob) }))
	f.bet(other, bob, "field")
	var want []*play.Bet
	for _, wager := range []string{"pass_line", "hard_8", "hard_6"} {
		want = append(want, f.bet(id, alice, wager), f.bet(id, bob, wager))
	}
	f.bet(id, bob, "field")
	f.roll(id, alice, 5) // Only the field is decided.
	live, err := f.store.LiveBets(t.Context(), id)
	f.must(err)
	if len(live) != len(want) {
		t.Fatalf("%d live bets", len(live))
	}
	for i := range live {
		if *live[i] != *want[i] {
			t.Errorf("live bet %d = %+v, want %+v", i, live[i], want[i])
		}
	}
	f.must(f.do(play.Key{Game: id, Player: bob}, func(turn *play.Turn) error {
		if len(turn.Bets) != 3 {
			t.Errorf("%d live bets of one player", len(turn.Bets))
		}
		return nil
	}))
}

// testHouseLimit has the house set aside, at two tables in one group, more than it has.
func testHouseLimit(t *testing.T, f *fixture) {
	const left, stake = 2000, 50 // One bet can win more than half of what the house has left.
	alice, bob := newID(), newID()
	tables := []play.Key{{Game: f.create(alice), Player: alice}, {Game: f.create(bob), Player: bob}}
	payOut := func(amount int64) error {
		return f.store.Update(t.Context(), func(tx play.Tx) error {
			return tx.Transfer(t.Context(), ledger.Transfer{From: ledger.House, To: ledger.Wallet(newID()), Amount: amount, Reason: ledger.Win, At: f.now})
		})
	}
	if err := payOut(bankroll + 1); err == nil {
		t.Error("the house paid more than it has")
	}
	f.must(payOut(bankroll - left))
	place := func(keys ...play.Key) error {
		return f.store.Update(t.Context(), func(tx play.Tx) error {
			turns, err := tx.Load(t.Context(), keys...)
			f.must(err)
			for i, turn := range turns {
				if i == 0 && turn.House != f.balance(ledger.House) || turn.Reserve != 0 { // Turns share the house's balance.
					t.Errorf("a turn has the house at %d and the reserve at %d", turn.House, turn.Reserve)
				}
				if _, err := f.prepare(turn).PlaceBet(play.NewBet{Player: keys[i].Player, Wager: "next_12", Amount: stake}); err != nil {
					return err
				}
			}
			return tx.Save(t.Context(), turns...)
		})
	}
	profit := craps.ByName("next_12").MaxProfit(0, stake)
	if err := place(tables...); err == nil || f.balance(ledger.House) != left || f.balance(ledger.Escrow(tables[0].Game)) != 0 {
		t.Errorf("two reserves of %d from %d: %v; the house has %d", profit, left, err, f.balance(ledger.House))
	}
	f.must(place(tables[0]))
	if err := place(tables[1]); errs.Reason(err) != errorsv1.Reason_REASON_HOUSE_LIMIT {
		t.Errorf("the second reserve: %v", err)
	}
	if house, reserve := f.balance(ledger.House), f.balance(ledger.Reserve(tables[0].Game)); house != left-profit || reserve != profit {
		t.Errorf("the house has %d, and %d of %d is set aside", house, reserve, profit)
	}
}
