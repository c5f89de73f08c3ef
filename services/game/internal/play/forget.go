package play

import (
	"slices"

	"github.com/google/uuid"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// MarkDeleted marks a player as deleted in the row of the wallet, because every command that lets a player act loads it. The wallet is
// opened if there is none. The player's limits and exclusions are dropped.
func (t *Turn) MarkDeleted(player uuid.UUID) {
	t.OpenWallet(player)
	if t.checkNotDeleted(player) == nil {
		t.Protections[player] = protection.Deleted()
	}
}

// Forget removes a deleted player from a table, after the player's chat messages there were erased; erased is false if there were
// none. It reports whether the player is still seated: nobody can leave between commitment and settlement. All live bets must be loaded.
func (t *Turn) Forget(player uuid.UUID, erased bool) (seated bool, err error) {
	g := t.Game
	t.setMember(player, Member{})
	if g.Status != Open {
		return false, nil
	}
	if g.Host == player {
		g.Host = g.nextHost()
	}
	if erased { // Before the player leaves, which may close the game.
		t.emit(&Event{Detail: &gamev1.Event_ChatErased{ChatErased: &gamev1.ChatErased{PlayerId: player.String()}}})
	}
	if g.Rolling {
		return g.Seated(player), nil
	}
	return false, t.Leave(player)
}

// nextHost returns who mutes and renews the join code after a deleted host: the other player who has been seated longest, or uuid.Nil
// if nobody else is seated.
func (g *Game) nextHost() uuid.UUID {
	others := slices.DeleteFunc(slices.Clone(g.Seats), func(seat Seat) bool { return seat.Player == g.Host })
	if len(others) == 0 {
		return uuid.Nil
	}
	return slices.MinFunc(others, func(a, b Seat) int { return a.JoinedAt.Compare(b.JoinedAt) }).Player
}
