package postgres

import (
	"sync"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/cached"
)

// cache is what this replica knows of games and wallets from when it wrote them last. It may be out of date, as other replicas write
// too; so PostgreSQL checks, as it writes, that each row still has the version that it was left at (docs/adr/0032). To lose it costs a
// round trip and no more.
type cache struct {
	mu      sync.Mutex
	games   *cached.Games[*game]
	wallets *simplelru.LRU[ledger.Account, wallet]
	// epoch is how often all was forgotten: what a transaction saw before that is not kept behind it.
	epoch int
	// shared are the balances of what all tables share, as they may be. They are never relied on.
	shared  map[ledger.Account]int64
	backoff backoff
}

// game is a game as it was left. What it points to is never changed.
type game struct {
	cached.Game
	version         uint32
	escrow, reserve tableAccount
}

// tableAccount is an account of a table, which may have no row yet.
type tableAccount struct {
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
	c.games = cached.NewGames[*game]()
	c.wallets, _ = simplelru.NewLRU[ledger.Account, wallet](cached.MaxWallets, nil) // Fails for no size.
	c.shared = make(map[ledger.Account]int64)
	c.epoch++
}

// reset drops everything. A server that was restored, or has taken over, may give out the versions of transactions again that it lost.
func (c *cache) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

// begin has a transaction work from the cache, and learn, where either is worth its while.
func (c *cache) begin(t *transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.mayUseCache, t.updatesCache, t.epoch = c.backoff.allows(), !c.backoff.deep(), c.epoch
}

// update keeps what a transaction left, once it is durable.
func (c *cache) update(t *transaction) {
	after := make([]*game, len(t.saved))
	for i, turn := range t.saved {
		after[i] = t.gameAfter(turn)
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
		if after[i] == nil {
			c.games.Remove(turn.Game.ID)
		} else {
			c.games.Put(turn.Game.ID, after[i])
		}
	}
	for name, a := range t.accounts {
		switch {
		case name.Shared() && a.open:
			c.shared[name] = a.balance
		case a.written && (t.version == 0 || !a.complete):
			c.wallets.Remove(name)
		case a.written && name.Kind == ledger.KindPlayer:
			c.wallets.Add(name, wallet{t.version, a.balance, t.protections.Text(name.Owner)})
		}
	}
}

// removeStale forgets a game that is not as the cache has it any more.
func (c *cache) removeStale(id uuid.UUID, stale *game) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.games.Peek(id); ok && known == stale {
		c.games.Remove(id)
	}
}

// recordConflict forgets those that a transaction relied on in vain. Its games are compared when it runs again.
func (c *cache) recordConflict(t *transaction) {
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

func (a accounts) tableAccount(name ledger.Account) tableAccount {
	if known := a[name]; known != nil {
		return tableAccount{known.balance, known.open}
	}
	return tableAccount{} // A new table's, that nothing has moved.
}

// gameAfter is a game behind a transaction that saved it, nil where it is over, or where not all bets on it are known.
func (t *transaction) gameAfter(turn *play.Turn) *game {
	id := turn.Game.ID
	before := t.games[id]
	if t.version == 0 || before == nil && !turn.New {
		return nil
	}
	if before == nil {
		before = &game{}
	}
	after, open := before.After(turn)
	if !open {
		return nil
	}
	return &game{after, t.version, t.accounts.tableAccount(ledger.Escrow(id)), t.accounts.tableAccount(ledger.Reserve(id))}
}
