package lobby

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// Filter says which tables somebody wants to see; what is zero leaves out none.
type Filter struct {
	// OpenSeats is how many must be free.
	OpenSeats int
	// MinBet and MaxBet are what the table's limits must lie between.
	MinBet, MaxBet int64
	// Stake is what the table must take.
	Stake int64
	Phase gamev1.Phase
}

// Matches reports whether a table is one of those.
func (f Filter) Matches(g *play.Game) bool {
	return g.Limits.MaxPlayers-len(g.Seats) >= f.OpenSeats &&
		g.Limits.MinBet >= f.MinBet &&
		(f.MaxBet == 0 || g.Limits.MaxBet <= f.MaxBet) &&
		(f.Stake == 0 || g.Limits.MinBet <= f.Stake && f.Stake <= g.Limits.MaxBet) &&
		(f.Phase == gamev1.Phase_PHASE_UNSPECIFIED || g.Phase() == f.Phase)
}

// SortForPlayer sorts tables for a player: where the player sits already, then those with most players, of these the ones at which a
// hand begins, then the oldest.
func SortForPlayer(games []*play.Game, player uuid.UUID) {
	first := func(is bool) int {
		if is {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(games, func(a, b *play.Game) int {
		return cmp.Or(
			cmp.Compare(first(a.Seated(player)), first(b.Seated(player))),
			cmp.Compare(len(b.Seats), len(a.Seats)),
			cmp.Compare(first(a.Craps.ComeOut()), first(b.Craps.ComeOut())),
			cmp.Compare(a.ID.String(), b.ID.String()))
	})
}
