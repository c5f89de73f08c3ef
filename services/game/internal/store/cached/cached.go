// Package cached is what a store keeps in memory of games as its last transactions left them, so that the next ones need not read them
// again.
package cached

import (
	"bytes"
	"slices"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// What a cache holds at most: about 20 MB. The heap may grow to three times of what lives, and a game is to need no more than 150 MB.
const (
	MaxGames   = 4096
	MaxWallets = 16384
	maxBets    = 32768
)

// Game is a game as it was left. What it points to is never changed.
type Game struct {
	State *play.Game
	Bets  []*play.Bet // All that are live, in the order of their ids.
}

func (g *Game) bets() int { return len(g.Bets) }

// Turn is a copy, as commands change turns, with the bets that any of its keys loads.
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

// After is the game behind a turn at it, which was at the zero Game where it made a new one; ok is false where it is over.
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

// Games are games and what a store keeps with each, the longest unused first to go.
type Games[G interface{ bets() int }] struct {
	lru  *simplelru.LRU[uuid.UUID, G]
	bets int // Of all of them.
}

// NewGames returns none.
func NewGames[G interface{ bets() int }]() *Games[G] {
	g := &Games[G]{}
	g.lru, _ = simplelru.NewLRU(MaxGames, func(_ uuid.UUID, old G) { g.bets -= old.bets() }) // Fails for no size.
	return g
}

// Get returns a game, if it is there.
func (g *Games[G]) Get(id uuid.UUID) (G, bool) { return g.lru.Get(id) }

// Peek is Get for who has no use of it.
func (g *Games[G]) Peek(id uuid.UUID) (G, bool) { return g.lru.Peek(id) }

// Put puts a game in the place of what was there of it.
func (g *Games[G]) Put(id uuid.UUID, game G) {
	g.lru.Remove(id)
	g.lru.Add(id, game)
	for g.bets += game.bets(); g.bets > maxBets; {
		g.lru.RemoveOldest()
	}
}

// Remove forgets a game.
func (g *Games[G]) Remove(id uuid.UUID) { g.lru.Remove(id) }

// KeysByGame are keys, apart by the game that they are of. Those of none are left out.
func KeysByGame(keys []play.Key) map[uuid.UUID][]play.Key {
	byGame := make(map[uuid.UUID][]play.Key, len(keys))
	for _, key := range keys {
		if key.Game != uuid.Nil {
			byGame[key.Game] = append(byGame[key.Game], key)
		}
	}
	return byGame
}
