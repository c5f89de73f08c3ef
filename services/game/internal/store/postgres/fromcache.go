package postgres

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/cached"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

// uncachedGames returns the games to load into the cache, and takes the others from it.
func (t *transaction) uncachedGames(games []uuid.UUID) []uuid.UUID {
	if !t.updatesCache {
		return nil
	}
	c := t.store.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	var uncached []uuid.UUID
	for _, id := range games {
		if known, ok := c.games.Get(id); ok {
			t.games[id] = known
		} else if t.mayUseCache {
			uncached = append(uncached, id)
		}
	}
	return uncached
}

// loadFromCache returns the turns of keys from the cache, or nil if it does not hold all of them. No row is locked then: rows that the
// transaction writes are checked as they are written, the others by verify.
func (t *transaction) loadFromCache(keys []play.Key, needed needs) (map[uuid.UUID]*play.Turn, error) {
	c := t.store.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.shared) < 2 {
		return nil, nil
	}
	names := slices.Clone(needed.wallets)
	for _, id := range needed.all {
		for _, bet := range t.games[id].Bets {
			names = append(names, ledger.Wallet(bet.Player))
		}
	}
	wallets := make(map[ledger.Account]wallet, len(names))
	for _, name := range names {
		known, ok := c.wallets.Get(name)
		if !ok {
			return nil, nil
		}
		wallets[name] = known
	}
	t.cached, t.cachedAllBets = true, len(needed.all) > 0
	for name, balance := range c.shared {
		t.accounts[name] = &account{loaded: balance, balance: balance, open: true}
	}
	for id, known := range t.games {
		t.accounts[ledger.Escrow(id)], t.accounts[ledger.Reserve(id)] = known.escrow.toAccount(), known.reserve.toAccount()
	}
	for name, w := range wallets {
		t.accounts[name] = &account{version: w.version, loaded: w.balance, balance: w.balance, open: true, guarded: true, complete: true}
		if err := t.protections.Load(name.Owner, w.protection); err != nil {
			return nil, err
		}
	}
	turns := make(map[uuid.UUID]*play.Turn, len(t.games))
	byGame := cached.KeysByGame(keys)
	for id, known := range t.games {
		turns[id] = known.Turn(t.funds, byGame[id])
		turns[id].Reserve = known.reserve.balance
	}
	return turns, nil
}

func (m tableAccount) toAccount() *account {
	return &account{loaded: m.balance, balance: m.balance, open: m.open, guarded: true, complete: true}
}

// lockCachedWallets locks wallets that were taken from the cache, in the order in which all transactions lock them, if more than their
// balances depends on them: scores, limits, and the amounts in play. Otherwise they are locked and checked as they are written.
func (t *transaction) lockCachedWallets(ctx context.Context, _ []*play.Turn) error {
	if !t.cached || !t.cachedAllBets && len(t.funds.Protections) == 0 {
		return nil
	}
	var names []string
	for name, a := range t.accounts {
		if a.version != 0 {
			names = append(names, name.String())
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	versions := make([]uint32, len(names))
	for name, a := range t.accounts {
		if i, found := slices.BinarySearch(names, name.String()); found {
			versions[i], a.version = a.version, 0
		}
	}
	return t.later.LockUnchangedWallets(ctx, versions, names)
}

// verify has the server check the rows that were taken from the cache and are not written: commands were refused because of them, or
// decided by them.
func (t *transaction) verify(ctx context.Context) error {
	if !t.cached {
		return nil
	}
	p := db.ExpectUnchangedParams{Games: []uuid.UUID{}, Accounts: []string{}} // nil would be NULL, which has no size.
	for id, known := range t.games {
		if !t.savesGame(id) {
			p.Games, p.GameVersions = append(p.Games, id), append(p.GameVersions, known.version)
		}
	}
	for name, a := range t.accounts {
		if a.version != 0 {
			p.Accounts, p.AccountVersions = append(p.Accounts, name.String()), append(p.AccountVersions, a.version)
		}
	}
	if len(p.Games)+len(p.Accounts) == 0 {
		return nil
	}
	return t.later.ExpectUnchanged(ctx, p)
}

func (t *transaction) savesGame(game uuid.UUID) bool {
	return slices.ContainsFunc(t.saved, func(turn *play.Turn) bool { return turn.Game.ID == game })
}
