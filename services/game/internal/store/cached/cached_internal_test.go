package cached

import (
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// TestGamesAreBounded adds more games and bets than the bounds allow. A game that changes counts once.
func TestGamesAreBounded(t *testing.T) {
	for name, tc := range map[string]struct{ kept, bets, want int }{
		"games":                     {MaxGames + 100, 0, MaxGames},
		"bets":                      {100, 1000, maxBets / 1000},
		"one has more than allowed": {1, maxBets + 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			games, ids := NewGames[*Game](), make([]uuid.UUID, tc.kept)
			for i := range ids {
				ids[i] = uuid.New()
				for range 3 {
					games.Put(ids[i], &Game{Bets: make([]*play.Bet, tc.bets)})
				}
			}
			found := 0
			for i, id := range ids {
				if _, ok := games.Get(id); ok {
					found++
				} else if found > 0 {
					t.Fatalf("game %d was evicted before an older one", i)
				}
			}
			if found != tc.want || games.bets != found*tc.bets {
				t.Errorf("%d games with %d bets, want %d games", found, games.bets, tc.want)
			}
			for _, id := range ids {
				games.Remove(id)
			}
			if games.bets != 0 {
				t.Errorf("%d bets without a game", games.bets)
			}
		})
	}
}
