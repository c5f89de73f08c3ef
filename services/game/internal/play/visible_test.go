package play_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// TestPrivateGamesAreHidden includes a game whose host was deleted, which nobody may see without its code.
func TestPrivateGamesAreHidden(t *testing.T) {
	alice, bob, nobody := uuid.UUID{1}, uuid.UUID{2}, uuid.Nil
	seats := []play.Seat{{Number: 1, Player: bob}}
	for name, tc := range map[string]struct {
		game    play.Game
		player  uuid.UUID
		visible bool
	}{
		"an open game":                {play.Game{Host: alice}, nobody, true},
		"to its host":                 {play.Game{Private: true, Host: alice}, alice, true},
		"to a seated player":          {play.Game{Private: true, Host: alice, Seats: seats}, bob, true},
		"to another player":           {play.Game{Private: true, Host: alice}, bob, false},
		"without a player":            {play.Game{Private: true, Host: alice}, nobody, false},
		"without a player and a host": {play.Game{Private: true}, nobody, false},
	} {
		if visible := tc.game.VisibleTo(tc.player); visible != tc.visible {
			t.Errorf("%s: visible: %t, want %t", name, visible, tc.visible)
		}
	}
}
