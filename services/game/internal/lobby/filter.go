package lobby

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// Filter selects tables in a list; zero fields match every table.
type Filter struct {
	// OpenSeats is the least number of free seats.
	OpenSeats int
	// MinBet and MaxBet bound the table's limits.
	MinBet, MaxBet int64
	// Stake is a stake that the table must accept.
	Stake int64
	Phase gamev1.Phase
}

// Matches reports whether a table matches the filter.
func (f Filter) Matches(g *play.Game) bool {
	return g.Limits.MaxPlayers-len(g.Seats) >= f.OpenSeats &&
		g.Limits.MinBet >= f.MinBet &&
		(f.MaxBet == 0 || g.Limits.MaxBet <= f.MaxBet) &&
		(f.Stake == 0 || g.Limits.MinBet <= f.Stake && f.Stake <= g.Limits.MaxBet) &&
		(f.Phase == gamev1.Phase_PHASE_UNSPECIFIED || g.Phase() == f.Phase)
}

// SortForPlayer sorts tables for a player: first those where the player is seated, then those with most players, among equals those at
// a come-out roll, then the oldest.
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
