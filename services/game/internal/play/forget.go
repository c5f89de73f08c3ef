package play

import (
	"github.com/google/uuid"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// MarkDeleted notes that a player was deleted, with the wallet, which is opened where there is none: whoever lets the player do something has
// it loaded. What the player has set goes.
func (t *Turn) MarkDeleted(player uuid.UUID) {
	t.OpenWallet(player)
	if t.checkNotDeleted(player) == nil {
		t.Protections[player] = protection.Deleted()
	}
}

// Forget takes a deleted player from a table, whose words there were erased or were none. It reports whether the player still sits
// there: while dice are in the air nobody gets up. All live bets must be loaded.
func (t *Turn) Forget(player uuid.UUID, erased bool) (sits bool, err error) {
	g := t.Game
	t.setMember(player, Member{})
	if g.Status != Open {
		return false, nil
	}
	if g.Host == player {
		g.Host = uuid.Nil
	}
	if erased { // Before the player gets up, which may be the end of the game.
		t.emit(&Event{Detail: &gamev1.Event_ChatErased{ChatErased: &gamev1.ChatErased{PlayerId: player.String()}}})
	}
	if g.Rolling {
		return g.Seated(player), nil
	}
	return false, t.Leave(player)
}
