package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// testProtection has a player with a live bet set a loss limit; bets and settlements count against it in their own
// transactions.
func testProtection(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	id := f.create(alice)
	f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error { return turn.Join(bob) }))
	f.bet(id, alice, "pass_line")
	f.bet(id, bob, "pass_line")
	f.must(f.setLossLimit(alice, 25))
	lost := func(want int64) {
		t.Helper()
		state, err := f.store.Protection(t.Context(), alice)
		f.must(err)
		if state == nil || state.Day.Lost != want || state.Limit(protection.Loss, calendar.Day).Amount != 25 {
			t.Errorf("state %+v, want %d lost", state, want)
		}
	}
	lost(10) // The live bet.
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
	for player, name := range map[[16]byte]string{bob: "a player who set nothing", newID(): "an unknown player"} {
		if state, err := f.store.Protection(t.Context(), player); state != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, state, err)
		}
	}
}

// setLossLimit sets a player's loss limit for a day.
func (f *fixture) setLossLimit(player uuid.UUID, loss int64) error {
	ctx := f.t.Context()
	return f.store.Update(ctx, func(tx play.Tx) error {
		turns, err := tx.Load(ctx, play.Key{Player: player})
		if err != nil {
			return err
		}
		turn := f.prepare(turns[0])
		turn.OpenWallet(player)
		if turn.Protections[player] == nil {
			inPlay, err := tx.InPlay(ctx, player)
			if err != nil {
				return err
			}
			turn.Protections[player] = protection.New(inPlay, f.now)
		}
		if err := turn.Protections[player].SetLimit(protection.Loss, calendar.Day, loss, f.now, rules.Protection); err != nil {
			return err
		}
		return tx.Save(ctx, turn)
	})
}

// testFirstProtection has a player without a wallet set an exclusion, which opens the wallet.
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
