package storetest

import (
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// testProtection has a player with a bet on the table set a limit of loss, and bets and rolls count against it in the
// transactions that they are made in.
func testProtection(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	id := f.create(alice)
	f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error { return turn.Join(bob) }))
	f.bet(id, alice, "pass_line")
	f.bet(id, bob, "pass_line")
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), play.Key{Player: alice})
		if err != nil {
			return err
		}
		inPlay, err := tx.InPlay(t.Context(), alice)
		if err != nil {
			return err
		}
		state := protection.New(inPlay, f.now)
		f.must(state.SetLimit(protection.Loss, calendar.Day, 25, f.now, rules.Protection))
		turns[0].Protections[alice] = state
		return tx.Save(t.Context(), f.ready(turns[0]))
	}))
	lost := func(want int64) {
		t.Helper()
		state, err := f.store.Protection(t.Context(), alice)
		f.must(err)
		if state == nil || state.Day.Lost != want || state.Limit(protection.Loss, calendar.Day).Amount != 25 {
			t.Errorf("state %+v, want %d lost", state, want)
		}
	}
	lost(10) // What lay on the table.
	f.bet(id, alice, "field")
	lost(20)
	f.roll(id, alice, 8) // The field loses.
	lost(20)
	field := func() error {
		return f.do(play.Key{Game: id, Player: alice}, func(turn *play.Turn) error {
			_, err := turn.PlaceBet(play.NewBet{Player: alice, Wager: "field", Amount: 10})
			return err
		})
	}
	if err := field(); errs.Reason(err) != errorsv1.Reason_REASON_LIMIT_EXCEEDED {
		t.Errorf("a bet over the limit: %v", err)
	}
	f.bet(id, bob, "field")
	f.roll(id, alice, 8) // The line wins.
	lost(0)
	f.now = f.now.Add(24 * time.Hour)
	f.must(field())
	lost(10)
	for player, name := range map[[16]byte]string{bob: "who set nothing", newID(): "who never came"} {
		if state, err := f.store.Protection(t.Context(), player); state != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, state, err)
		}
	}
}

// testFirstProtection is of a player whose wallet opens with it.
func testFirstProtection(t *testing.T, f *fixture) {
	alice := newID()
	f.must(f.do(play.Key{Player: alice}, func(turn *play.Turn) error {
		turn.OpenWallet(alice)
		turn.Protections[alice] = protection.New(0, f.now)
		return turn.Protections[alice].Exclude(protection.CoolOff, 1, f.now)
	}))
	err := f.do(play.Key{Player: alice}, func(turn *play.Turn) error {
		return play.Create(turn, alice, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500})
	})
	if errs.Reason(err) != errorsv1.Reason_REASON_SELF_EXCLUDED {
		t.Errorf("err = %v", err)
	}
}
