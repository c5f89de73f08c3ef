package play_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// TestDeletedHostIsSucceeded deletes one host after another: each is succeeded by the player who has been seated longest.
func TestDeletedHostIsSucceeded(t *testing.T) {
	tb, alice, bob, carol := newTable(t), uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	tb.create(alice, play.Limits{MaxPlayers: 3, MinBet: 1, MaxBet: 1000})
	join := func(player uuid.UUID) {
		tb.now = tb.now.Add(time.Minute)
		if err := tb.do(func(turn *play.Turn) error { return turn.Join(player) }); err != nil {
			t.Fatal(err)
		}
	}
	join(bob)
	join(carol)
	for _, step := range []struct {
		name                string
		deleted, host, next uuid.UUID
	}{
		{"a guest of the table", carol, alice, uuid.Nil},
		{"the creator", alice, bob, carol},
		{"the successor, whose seats come before carol's", bob, carol, uuid.Nil},
		{"the last player", carol, uuid.Nil, uuid.Nil},
	} {
		if err := tb.do(func(turn *play.Turn) error { _, err := turn.Forget(step.deleted, false); return err }); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if tb.game.Host != step.host {
			t.Errorf("%s: the host is %v, want %v", step.name, tb.game.Host, step.host)
		}
		if step.next != uuid.Nil { // Takes the first free seat.
			join(step.next)
		}
	}
}
