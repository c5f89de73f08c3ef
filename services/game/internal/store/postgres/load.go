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

// Load implements play.Tx. It takes one round trip.
func (t *transaction) Load(ctx context.Context, keys ...play.Key) ([]*play.Turn, error) {
	want := wantOf(keys)
	var games []db.Game
	var seats []db.Seat
	var bets, playersBets, onWagers []db.Bet
	var wallets, shared []db.Account
	// Each statement sees what was committed before it, so those behind the first one see games as they are locked.
	await(t, &games, func(q *db.Queries) ([]db.Game, error) { return q.LockGames(ctx, want.games) })
	await(t, &seats, func(q *db.Queries) ([]db.Seat, error) { return q.SeatsOf(ctx, want.games) })
	if len(want.all) > 0 {
		await(t, &bets, func(q *db.Queries) ([]db.Bet, error) { return q.LiveBetsOf(ctx, want.all) })
	}
	if len(want.players) > 0 {
		await(t, &playersBets, func(q *db.Queries) ([]db.Bet, error) {
			return q.LiveBetsOfPlayers(ctx, column(want.players, gameOf), column(want.players, whose))
		})
	}
	if len(want.wagers) > 0 {
		await(t, &onWagers, func(q *db.Queries) ([]db.Bet, error) {
			codes := column(want.wagers, func(k play.Key) int32 { return int32(k.Only.Code) })
			return q.LiveBetsOnWagers(ctx, column(want.wagers, gameOf), column(want.wagers, whose), codes)
		})
	}
	if len(want.all) > 0 || len(want.wallets) > 0 {
		await(t, &wallets, func(q *db.Queries) ([]db.Account, error) {
			return q.LockWallets(ctx, column(want.wallets, ledger.Account.String), want.all)
		})
	}
	await(t, &shared, func(q *db.Queries) ([]db.Account, error) { return q.Accounts(ctx, want.accounts()) })
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	bets = slices.Concat(bets, playersBets, onWagers)
	slices.SortFunc(bets, func(a, b db.Bet) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	t.remember(want, bets, append(wallets, shared...))
	for _, row := range wallets {
		if err := t.protections.Load(row.ID.Owner, row.Protection); err != nil {
			return nil, err
		}
	}
	return t.turns(keys, games, seats, bets)
}

// want is what a group of keys needs, each thing once.
type want struct {
	games   []uuid.UUID
	all     []uuid.UUID // Games whose live bets are all needed.
	players []play.Key  // Those whose live bets at a game are all needed.
	wagers  []play.Key  // Those who need what they have on one wager, which is Only's.
	wallets []ledger.Account
}

func gameOf(key play.Key) uuid.UUID { return key.Game }

func whose(key play.Key) uuid.UUID { return key.Player }

func wantOf(keys []play.Key) want {
	var w want
	all, seen := make(map[uuid.UUID]bool), make(map[play.Key]bool, 2*len(keys))
	for _, key := range keys {
		if key.All && !all[key.Game] {
			all[key.Game] = true
			w.all = append(w.all, key.Game)
		}
	}
	once := func(key play.Key) bool {
		known := seen[key]
		seen[key] = true
		return !known
	}
	for _, key := range keys {
		if key.Game != uuid.Nil && once(play.Key{Game: key.Game}) {
			w.games = append(w.games, key.Game)
		}
		if key.Player == uuid.Nil {
			continue
		}
		if once(play.Key{Player: key.Player}) {
			w.wallets = append(w.wallets, ledger.Wallet(key.Player))
		}
		if key.Game == uuid.Nil || all[key.Game] {
			continue
		}
		if key.Only == nil && once(play.Key{Game: key.Game, Player: key.Player}) {
			w.players = append(w.players, key)
		}
		for wager := key.Only; wager != nil; wager = wager.Behind {
			if on := (play.Key{Game: key.Game, Player: key.Player, Only: wager}); once(on) {
				w.wagers = append(w.wagers, on)
			}
		}
	}
	return w
}

// accounts are those of the tables, which the games' locks guard, and the house's, which is only looked at: the house
// serves all tables, so it is locked where money moves and no sooner.
func (w want) accounts() []string {
	names := []string{ledger.House.String()}
	for _, game := range w.games {
		names = append(names, ledger.Escrow(game).String(), ledger.Reserve(game).String())
	}
	return names
}

// remember keeps what was read of accounts, and that those without a row are not open yet.
func (t *transaction) remember(w want, bets []db.Bet, rows []db.Account) {
	found := make(map[ledger.Account]*account, len(rows))
	for _, row := range rows {
		found[row.ID] = &account{loaded: row.Balance, balance: row.Balance, open: true, held: row.ID != ledger.House}
	}
	guarded := func(name ledger.Account) {
		if found[name] == nil {
			found[name] = &account{held: true}
		}
	}
	for _, game := range w.games {
		guarded(ledger.Escrow(game))
		guarded(ledger.Reserve(game))
	}
	for _, wallet := range w.wallets {
		guarded(wallet)
	}
	for _, bet := range bets {
		guarded(ledger.Wallet(bet.PlayerID))
	}
	t.accounts.add(found)
}

// turns puts what was loaded together.
func (t *transaction) turns(keys []play.Key, games []db.Game, seats []db.Seat, bets []db.Bet) ([]*play.Turn, error) {
	byGame := make(map[uuid.UUID]*play.Turn, len(games))
	t.funds.House = t.accounts.balance(ledger.House)
	for _, row := range games {
		byGame[row.ID] = &play.Turn{Game: toGame(row), Funds: t.funds, Reserve: t.accounts.balance(ledger.Reserve(row.ID))}
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
		t.fill(row.PlayerID)
	}
	turns := make([]*play.Turn, len(keys))
	for i, key := range keys {
		turns[i] = byGame[key.Game]
		if key.Game == uuid.Nil {
			turns[i] = &play.Turn{Funds: t.funds}
		}
		t.fill(key.Player)
	}
	return turns, nil
}

func (t *transaction) fill(player uuid.UUID) {
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
	await(t, &sum, func(q *db.Queries) (int64, error) { return q.InPlay(ctx, player) })
	return sum, t.tx.Flush(ctx)
}

// Round implements play.Tx. It locks the game, so that the round stays as it is.
func (t *transaction) Round(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error) {
	var games []db.Game
	var rows []db.Round
	await(t, &games, func(q *db.Queries) ([]db.Game, error) { return q.LockGames(ctx, []uuid.UUID{game}) })
	await(t, &rows, func(q *db.Queries) ([]db.Round, error) { return q.Round(ctx, game, int64(number)) })
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, play.ErrNotFound
	}
	return toRound(rows[0])
}
