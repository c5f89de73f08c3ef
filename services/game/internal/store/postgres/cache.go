package postgres

import (
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// What a cache holds at most: about 40 MB, where every table is full of bets.
const (
	maxGames   = 4096
	maxWallets = 16384
	maxBets    = 1 << 17
)

// cache is what this replica knows of games and wallets from when it wrote them last. It may be out of date, as other replicas write
// too; so PostgreSQL checks, as it writes, that each row still has the version that it was left at (docs/adr/0032). To lose it costs a
// round trip and no more.
type cache struct {
	mu      sync.Mutex
	games   *simplelru.LRU[uuid.UUID, *game]
	wallets *simplelru.LRU[ledger.Account, wallet]
	bets    int // Of all games.
	// epoch is how often all was forgotten: what a transaction saw before that is not kept behind it.
	epoch int
	// shared are the balances of what all tables share, as they may be. They are never relied on.
	shared  map[ledger.Account]int64
	backoff backoff
}

// game is a game as it was left. What it points to is never changed.
type game struct {
	version         uint32
	state           *play.Game
	bets            []*play.Bet // All that are live.
	escrow, reserve money
}

// money is an account of a table, which may have no row yet.
type money struct {
	balance int64
	open    bool
}

// wallet is a wallet as it was left.
type wallet struct {
	version    uint32
	balance    int64
	protection string
}

func newCache() *cache {
	c := &cache{}
	c.clear()
	return c
}

func (c *cache) clear() {
	c.games, _ = simplelru.NewLRU(maxGames, func(_ uuid.UUID, g *game) { c.bets -= len(g.bets) }) // Fails for no size.
	c.wallets, _ = simplelru.NewLRU[ledger.Account, wallet](maxWallets, nil)
	c.bets, c.shared = 0, make(map[ledger.Account]int64)
	c.epoch++
}

// forget drops everything. A server that was restored, or has taken over, may give out the versions of transactions again that it lost.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

// begin has a transaction work from the cache, and learn, where either is worth its while.
func (c *cache) begin(t *transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.mayCache, t.learns, t.epoch = c.backoff.passes(), !c.backoff.deep(), c.epoch
}

// learn keeps what a transaction left, once it is durable.
func (c *cache) learn(t *transaction) {
	left := make([]*game, len(t.saved))
	for i, turn := range t.saved {
		left[i] = t.left(turn)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.epoch != c.epoch {
		return
	}
	if t.cached {
		c.backoff.success()
	}
	for i, turn := range t.saved {
		c.keep(turn.Game.ID, left[i])
	}
	for c.bets > maxBets {
		c.games.RemoveOldest()
	}
	for name, a := range t.accounts {
		switch {
		case name.Shared() && a.open:
			c.shared[name] = a.balance
		case a.written && (t.version == 0 || !a.known):
			c.wallets.Remove(name)
		case a.written && name.Kind == ledger.KindPlayer:
			c.wallets.Add(name, wallet{t.version, a.balance, t.protections.Text(name.Owner)})
		}
	}
}

func (c *cache) keep(id uuid.UUID, left *game) {
	if left == nil {
		c.games.Remove(id)
		return
	}
	if before, ok := c.games.Peek(id); ok {
		c.bets -= len(before.bets)
	}
	c.games.Add(id, left)
	c.bets += len(left.bets)
}

// drop forgets a game that is not as the cache has it any more.
func (c *cache) drop(id uuid.UUID, wrong *game) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.games.Peek(id); ok && known == wrong {
		c.games.Remove(id)
	}
}

// dropWallets forgets those that a transaction relied on in vain. Its games are compared when it runs again.
func (c *cache) dropWallets(t *transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.backoff.conflict(); c.backoff.deep() {
		c.clear()
		return
	}
	for name := range t.accounts {
		c.wallets.Remove(name)
	}
}

func (a accounts) money(name ledger.Account) money {
	if known := a[name]; known != nil {
		return money{known.balance, known.open}
	}
	return money{} // A new table's, that nothing has moved.
}

// left is a game behind a transaction that saved it, nil where it is over, or where not all bets on it are known.
func (t *transaction) left(turn *play.Turn) *game {
	id := turn.Game.ID
	before := t.games[id]
	if t.version == 0 || turn.Game.Status != play.Open || before == nil && !turn.New {
		return nil
	}
	left := &game{version: t.version, state: new(*turn.Game)}
	left.state.Seats = slices.Clone(left.state.Seats)
	left.escrow, left.reserve = t.accounts.money(ledger.Escrow(id)), t.accounts.money(ledger.Reserve(id))
	placed, changed := turn.BetChanges()
	if before != nil {
		stale := make(map[uuid.UUID]bool, len(changed))
		for _, bet := range changed {
			stale[bet.ID] = true
		}
		left.bets = make([]*play.Bet, 0, len(before.bets)+len(placed))
		for _, bet := range before.bets {
			if !stale[bet.ID] {
				left.bets = append(left.bets, bet)
			}
		}
	}
	for _, bet := range slices.Concat(changed, placed) {
		if bet.Status == play.Live {
			left.bets = append(left.bets, new(*bet))
		}
	}
	return left
}
