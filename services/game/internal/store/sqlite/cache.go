package sqlite

import (
	"context"
	"database/sql"
	"sync"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/cached"
)

// maxAccounts is the sum of the wallets, two accounts of each game, and the two shared accounts.
const maxAccounts = cached.MaxWallets + 2*cached.MaxGames + 2

// cache holds games and accounts as this process last read or wrote them. There is one writer, and SQLite tells whether another process has
// written the file since; so the cache always agrees with the file (docs/adr/0032).
type cache struct {
	// mu is held from the beginning of a transaction until the cache is updated after it.
	mu       sync.Mutex
	version  version
	games    *cached.Games[*cached.Game]
	accounts *simplelru.LRU[ledger.Account, account]
	// lastTransfer is the id of the latest transfer, 0 until it is known.
	lastTransfer int64
}

// version identifies the file's state as seen by the writer's connection: SQLite's data_version changes when other connections write, and is
// comparable only within one connection.
type version struct{ data, connection int64 }

func newCache() *cache {
	c := &cache{}
	c.clear()
	return c
}

func (c *cache) clear() {
	c.games = cached.NewGames[*cached.Game]()
	c.accounts, _ = simplelru.NewLRU[ledger.Account, account](maxAccounts, nil) // Fails only if the size is not positive.
	c.lastTransfer = 0
}

// checkVersion clears the cache if another connection has written the file.
func (s *Store) checkVersion(ctx context.Context, tx *sql.Tx) error {
	now := version{connection: s.WriterConnections()}
	if err := tx.QueryRowContext(ctx, "PRAGMA data_version").Scan(&now.data); err != nil {
		return err
	}
	if now != s.cache.version {
		s.cache.clear()
	}
	s.cache.version = now
	return nil
}

// update caches what a transaction loaded and left, once it is durable.
func (c *cache) update(t *transaction) {
	for id, game := range t.games {
		c.games.Put(id, game)
	}
	for name, a := range t.accounts {
		if a.open { // Most of the others will soon be opened by their first transfer.
			a.protection = t.protections.Text(name.Owner)
			c.accounts.Add(name, *a)
		}
	}
	c.lastTransfer = t.lastTransfer
}

// keepGame keeps a game as a turn leaves it, for the cache. A game that has ended is not kept.
func (t *transaction) keepGame(turn *play.Turn) {
	id := turn.Game.ID
	before := t.games[id]
	if before == nil {
		before = &cached.Game{}
	}
	after, open := before.After(turn)
	if !open {
		delete(t.games, id)
		t.cache.games.Remove(id)
		return
	}
	t.games[id] = &after
}

// loadCachedGames takes games from the cache, and returns those that neither the cache nor the transaction has.
func (t *transaction) loadCachedGames(games map[uuid.UUID][]play.Key) (missing []uuid.UUID) {
	for id := range games {
		if t.games[id] != nil {
			continue
		}
		if known, ok := t.cache.games.Get(id); ok {
			t.games[id] = known
		} else {
			missing = append(missing, id)
		}
	}
	return missing
}
