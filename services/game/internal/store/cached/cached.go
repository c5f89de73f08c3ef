// Package cached provides the in-memory cache of games that both store engines use: games as the store's last transactions left them, so
// that the next transactions need not read them again. How an engine detects stale entries is its own affair (docs/adr/0032).
package cached

import (
	"bytes"
	"slices"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// The bounds of a cache, which limit it to about 20 MB. The heap may grow to three times its live data, and a game process should need no
// more than 150 MB.
const (
	MaxGames   = 4096
	MaxWallets = 16384
	maxBets    = 32768
)

// Game is a game as a transaction left it. It is immutable, including what it points to.
type Game struct {
	State *play.Game
	Bets  []*play.Bet // All live bets, in the order of their ids.
}

func (g *Game) bets() int { return len(g.Bets) }

// Turn returns a turn of the game with the bets that any of the keys loads. All of it is copied, because commands change turns.
func (g *Game) Turn(funds *play.Funds, keys []play.Key) *play.Turn {
	state := *g.State
	state.Seats = slices.Clone(state.Seats)
	turn := &play.Turn{Game: &state, Funds: funds}
	turn.AddLoaded()
	for _, bet := range g.Bets {
		if slices.ContainsFunc(keys, func(key play.Key) bool { return key.Loads(bet) }) {
			turn.AddLoaded(new(*bet))
		}
	}
	return turn
}

// After returns the game as a turn leaves it. The receiver is the game before the turn, the zero Game if the turn created it. ok is
// false if the game has ended.
func (g *Game) After(turn *play.Turn) (after Game, ok bool) {
	if turn.Game.Status != play.Open {
		return Game{}, false
	}
	after.State = new(*turn.Game)
	after.State.Seats = slices.Clone(after.State.Seats)
	placed, changed := turn.BetChanges()
	stale := make(map[uuid.UUID]bool, len(changed))
	for _, bet := range changed {
		stale[bet.ID] = true
	}
	after.Bets = make([]*play.Bet, 0, len(g.Bets)+len(placed))
	for _, bet := range g.Bets {
		if !stale[bet.ID] {
			after.Bets = append(after.Bets, bet)
		}
	}
	for _, bet := range slices.Concat(changed, placed) {
		if bet.Status == play.Live {
			after.Bets = append(after.Bets, new(*bet))
		}
	}
	slices.SortFunc(after.Bets, func(a, b *play.Bet) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return after, true
}

// Games is an LRU cache of games, with what a store keeps for each, bounded by the numbers of games and of bets.
type Games[G interface{ bets() int }] struct {
	lru  *simplelru.LRU[uuid.UUID, G]
	bets int // The total of all games.
}

// NewGames returns an empty cache.
func NewGames[G interface{ bets() int }]() *Games[G] {
	g := &Games[G]{}
	g.lru, _ = simplelru.NewLRU(MaxGames, func(_ uuid.UUID, old G) { g.bets -= old.bets() }) // Fails only if the size is not positive.
	return g
}

// Get returns a game, if it is cached.
func (g *Games[G]) Get(id uuid.UUID) (G, bool) { return g.lru.Get(id) }

// Peek is Get without marking the game as recently used.
func (g *Games[G]) Peek(id uuid.UUID) (G, bool) { return g.lru.Peek(id) }

// Put adds a game, or replaces it.
func (g *Games[G]) Put(id uuid.UUID, game G) {
	g.lru.Remove(id)
	g.lru.Add(id, game)
	for g.bets += game.bets(); g.bets > maxBets; {
		g.lru.RemoveOldest()
	}
}

// Remove removes a game.
func (g *Games[G]) Remove(id uuid.UUID) { g.lru.Remove(id) }

// KeysByGame groups keys by their game. Keys without a game are left out.
func KeysByGame(keys []play.Key) map[uuid.UUID][]play.Key {
	byGame := make(map[uuid.UUID][]play.Key, len(keys))
	for _, key := range keys {
		if key.Game != uuid.Nil {
			byGame[key.Game] = append(byGame[key.Game], key)
		}
	}
	return byGame
}
