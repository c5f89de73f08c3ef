package storetest

import (
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

func testCensus(t *testing.T, f *fixture) {
	census := func(want play.Census) {
		t.Helper()
		if got, err := f.store.Census(t.Context()); err != nil || got != want {
			t.Errorf("census = %+v, %v, want %+v", got, err, want)
		}
	}
	census(play.Census{})
	alice, bob := newID(), newID()
	first, second := f.create(alice), f.create(bob)
	join := func(game, player uuid.UUID) {
		f.must(f.do(play.Key{Game: game, Player: player}, func(turn *play.Turn) error { return turn.Join(player) }))
	}
	join(second, alice)
	f.bet(first, alice, "pass_line")
	census(play.Census{Players: 2})
	// Seats of a game that has ended do not count.
	f.must(f.do(play.Key{Game: second, All: true}, func(turn *play.Turn) error {
		_, err := turn.Expire(f.now)
		return err
	}))
	census(play.Census{Players: 1})
}
