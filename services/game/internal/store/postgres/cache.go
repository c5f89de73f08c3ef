package postgres

import (
	"sync"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/cached"
)

// cache holds games and wallets as this replica's last transactions left them. It may be out of date, as other replicas write too; so
// PostgreSQL checks, as it writes, that each row still has the cached version (docs/adr/0032). Losing the cache costs a round trip and
// no more.
type cache struct {
	mu      sync.Mutex
	games   *cached.Games[*game]
	wallets *simplelru.LRU[ledger.Account, wallet]
	// epoch counts how often the cache was cleared: a transaction that began in an earlier epoch does not update it.
	epoch int
	// shared are the last known balances of the shared accounts. Other replicas may have changed them, so nothing relies on them.
	shared  map[ledger.Account]int64
	backoff backoff
}

// game is a game as a transaction left it. It is immutable, including what it points to.
type game struct {
	cached.Game
	version         uint32
	escrow, reserve tableAccount
}

// tableAccount is the escrow or reserve of a table, which may have no row yet.
type tableAccount struct {
	balance int64
	open    bool
}

// wallet is a wallet as a transaction left it.
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
	c.wallets, _ = simplelru.NewLRU[ledger.Account, wallet](cached.MaxWallets, nil) // Fails only if the size is not positive.
	c.shared = make(map[ledger.Account]int64)
	c.epoch++
}

// reset clears the cache. A server that was restored, or has taken over, may assign versions again that belonged to lost transactions.
func (c *cache) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

// begin decides whether a transaction may use the cache, and whether it updates it.
func (c *cache) begin(t *transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.mayUseCache, t.updatesCache, t.epoch = c.backoff.allows(), !c.backoff.deep(), c.epoch
}

// update caches what a transaction left, once it is durable.
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

// removeStale removes a game that has changed since it was cached, unless the cache has been updated meanwhile.
func (c *cache) removeStale(id uuid.UUID, stale *game) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.games.Peek(id); ok && known == stale {
		c.games.Remove(id)
	}
}

// recordConflict records that a transaction used stale data, and removes its wallets. Its games are compared when it runs again.
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
	return tableAccount{} // The account of a new table, without a transfer yet.
}

// gameAfter returns a game as the transaction that saved it leaves it, or nil if it has ended, or not all of its bets are known.
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
