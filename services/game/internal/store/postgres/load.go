package postgres

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

// Load implements play.Tx. It takes one round trip, or none if everything is cached.
func (t *transaction) Load(ctx context.Context, keys ...play.Key) ([]*play.Turn, error) {
	needed := needsOf(keys)
	if t.cached {
		return nil, errNotCached // What an earlier Load took from the cache is not locked.
	}
	uncached := t.uncachedGames(needed.games)
	if t.mayUseCache && len(uncached) == 0 {
		if turns, err := t.loadFromCache(keys, needed); turns != nil || err != nil {
			return t.turns(keys, turns), err
		}
	}
	t.mayUseCache = false
	var games []db.LockGamesRow
	var seats []db.Seat
	var bets, playersBets, onWagers, whole []db.Bet
	var wallets, shared []db.Account
	// Each statement sees what was committed before it, so those after the first one see games as they are locked.
	await(t, &games, func(q *db.Queries) ([]db.LockGamesRow, error) { return q.LockGames(ctx, needed.games) })
	await(t, &seats, func(q *db.Queries) ([]db.Seat, error) { return q.SeatsOf(ctx, needed.games) })
	if len(needed.all) > 0 {
		await(t, &bets, func(q *db.Queries) ([]db.Bet, error) { return q.LiveBetsOf(ctx, needed.all) })
	}
	if len(uncached) > 0 { // Caching a game takes all of its bets.
		await(t, &whole, func(q *db.Queries) ([]db.Bet, error) { return q.LiveBetsOf(ctx, uncached) })
	}
	if len(needed.players) > 0 {
		await(t, &playersBets, func(q *db.Queries) ([]db.Bet, error) {
			return q.LiveBetsOfPlayers(ctx, column(needed.players, keyGame), column(needed.players, keyPlayer))
		})
	}
	if len(needed.wagers) > 0 {
		await(t, &onWagers, func(q *db.Queries) ([]db.Bet, error) {
			codes := column(needed.wagers, func(k play.Key) int32 { return int32(k.Wager.Code) })
			return q.LiveBetsOnWagers(ctx, column(needed.wagers, keyGame), column(needed.wagers, keyPlayer), codes)
		})
	}
	if len(needed.all) > 0 || len(needed.wallets) > 0 {
		await(t, &wallets, func(q *db.Queries) ([]db.Account, error) {
			return q.LockWallets(ctx, column(needed.wallets, ledger.Account.String), needed.all)
		})
	}
	await(t, &shared, func(q *db.Queries) ([]db.Account, error) { return q.Accounts(ctx, needed.accounts()) })
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	bets = slices.Concat(bets, playersBets, onWagers)
	slices.SortFunc(bets, func(a, b db.Bet) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	t.addAccounts(needed, bets, append(wallets, shared...))
	if err := t.compareWithCache(games, uncached, whole); err != nil {
		return nil, err
	}
	for _, row := range wallets {
		if err := t.protections.Load(row.ID.Owner, row.Protection); err != nil {
			return nil, err
		}
	}
	loaded, err := t.loadedTurns(games, seats, bets)
	if err != nil {
		return nil, err
	}
	return t.turns(keys, loaded), nil
}

// addAccounts adds the accounts that were read, and those without a row as not open yet.
func (t *transaction) addAccounts(needed needs, bets []db.Bet, rows []db.Account) {
	found := make(map[ledger.Account]*account, len(rows))
	for _, row := range rows {
		found[row.ID] = &account{loaded: row.Balance, balance: row.Balance, open: true, guarded: !row.ID.Shared(), complete: true}
	}
	addEmpty := func(name ledger.Account) {
		if found[name] == nil {
			found[name] = &account{guarded: true, complete: true}
		}
	}
	for _, game := range needed.games {
		addEmpty(ledger.Escrow(game))
		addEmpty(ledger.Reserve(game))
	}
	for _, wallet := range needed.wallets {
		addEmpty(wallet)
	}
	for _, bet := range bets {
		addEmpty(ledger.Wallet(bet.PlayerID))
	}
	t.accounts.add(found)
}

// compareWithCache removes stale cache entries, and adds the games that were loaded completely.
func (t *transaction) compareWithCache(games []db.LockGamesRow, uncached []uuid.UUID, bets []db.Bet) error {
	for _, id := range uncached {
		t.games[id] = &game{}
	}
	for _, row := range games {
		switch known := t.games[row.Game.ID]; {
		case known == nil:
		case known.version == 0:
			known.version = row.Version
		case known.version != row.Version:
			delete(t.games, row.Game.ID)
			t.store.cache.removeStale(row.Game.ID, known)
		}
	}
	for _, row := range bets {
		bet, err := toBet(row)
		if err != nil {
			return err
		}
		t.games[row.GameID].Bets = append(t.games[row.GameID].Bets, bet)
	}
	return nil
}

// loadedTurns builds turns from the rows that were loaded.
func (t *transaction) loadedTurns(games []db.LockGamesRow, seats []db.Seat, bets []db.Bet) (map[uuid.UUID]*play.Turn, error) {
	byGame := make(map[uuid.UUID]*play.Turn, len(games))
	for _, row := range games {
		id := row.Game.ID
		byGame[id] = &play.Turn{Game: toGame(row.Game), Funds: t.funds, Reserve: t.accounts.balance(ledger.Reserve(id))}
	}
	for _, seat := range seats {
		game := byGame[seat.GameID].Game
		game.Seats = append(game.Seats, play.Seat{Number: int(seat.Number), Player: seat.PlayerID, JoinedAt: micros.Time(seat.JoinedAt)})
	}
	for _, turn := range byGame {
		turn.AddLoaded()
	}
	for _, row := range bets {
		bet, err := toBet(row)
		if err != nil {
			return nil, err
		}
		byGame[row.GameID].AddLoaded(bet)
	}
	return byGame, nil
}

// turns returns the turns of keys, which share their funds.
func (t *transaction) turns(keys []play.Key, byGame map[uuid.UUID]*play.Turn) []*play.Turn {
	t.funds.House = t.accounts.balance(ledger.House)
	for _, turn := range byGame {
		for _, bet := range turn.Bets {
			t.fillWallet(bet.Player)
		}
	}
	turns := make([]*play.Turn, len(keys))
	for i, key := range keys {
		turns[i] = byGame[key.Game]
		if key.Game == uuid.Nil {
			turns[i] = &play.Turn{Funds: t.funds}
		}
		t.fillWallet(key.Player)
	}
	return turns
}

func (t *transaction) fillWallet(player uuid.UUID) {
	if wallet := t.accounts[ledger.Wallet(player)]; wallet != nil && wallet.open {
		t.funds.Wallets[player] = wallet.balance
	}
}

// Bet implements play.Tx.
func (t *transaction) Bet(ctx context.Context, id uuid.UUID) (*play.Bet, error) {
	var rows []db.Bet
	await(t, &rows, func(q *db.Queries) ([]db.Bet, error) { return q.Bets(ctx, id) })
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, play.ErrNotFound
	}
	return toBet(rows[0])
}

// InPlay implements play.Tx.
func (t *transaction) InPlay(ctx context.Context, player uuid.UUID) (sum int64, err error) {
	if t.cached {
		return 0, errNotCached // The sum is certain only while the wallet is locked.
	}
	await(t, &sum, func(q *db.Queries) (int64, error) { return q.InPlay(ctx, player) })
	return sum, t.tx.Flush(ctx)
}

// Round implements play.Tx. It locks the game, unless the game was taken from the cache, so that the round can't change.
func (t *transaction) Round(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error) {
	var games []db.LockGamesRow
	var rows []db.Round
	if !t.cached {
		await(t, &games, func(q *db.Queries) ([]db.LockGamesRow, error) { return q.LockGames(ctx, []uuid.UUID{game}) })
	}
	await(t, &rows, func(q *db.Queries) ([]db.Round, error) { return q.Round(ctx, game, int64(number)) })
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, play.ErrNotFound
	}
	return toRound(rows[0])
}
