package sqlite

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
	"github.com/bitcraps/bitcraps/services/game/internal/store/stored"
)

// Load implements play.Tx.
func (t *transaction) Load(ctx context.Context, keys ...play.Key) ([]*play.Turn, error) {
	ctx = unwatched(ctx)
	byGame, err := t.loadGames(ctx, keys)
	if err != nil {
		return nil, err
	}
	bets, err := t.loadBets(ctx, keys)
	if err != nil {
		return nil, err
	}
	players := make([]uuid.UUID, 0, len(keys))
	for _, bet := range bets {
		players = append(players, bet.Player)
	}
	turns := make([]*play.Turn, len(keys))
	for i, key := range keys {
		turns[i] = byGame[key.Game]
		if key.Game == uuid.Nil {
			turns[i] = &play.Turn{Funds: t.funds}
		}
		players = append(players, key.Player)
	}
	if err := t.loadFunds(ctx, byGame, players); err != nil {
		return nil, err
	}
	for _, turn := range byGame {
		turn.AddLoaded()
	}
	for _, bet := range bets {
		if turn := byGame[bet.Game]; turn != nil {
			turn.AddLoaded(bet)
		}
	}
	return turns, nil
}

func (t *transaction) loadGames(ctx context.Context, keys []play.Key) (map[uuid.UUID]*play.Turn, error) {
	wanted := make(map[uuid.UUID]*play.Turn, len(keys))
	ids := make([]uuid.UUID, 0, len(keys))
	for _, key := range keys {
		if _, seen := wanted[key.Game]; !seen && key.Game != uuid.Nil {
			wanted[key.Game] = nil
			ids = append(ids, key.Game)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	list := array(ids)
	games, err := t.q.GamesOf(ctx, list)
	if err != nil {
		return nil, err
	}
	seats, err := t.q.SeatsOf(ctx, list)
	if err != nil {
		return nil, err
	}
	turns := make(map[uuid.UUID]*play.Turn, len(games))
	for _, row := range games {
		turns[row.ID] = &play.Turn{Game: toGame(row), Funds: t.funds}
	}
	for _, seat := range seats {
		game := turns[seat.GameID].Game
		game.Seats = append(game.Seats, toSeat(seat))
	}
	for id, turn := range turns {
		t.listings[id] = listingOf(turn.Game)
	}
	return turns, nil
}

// loadBets reads what each key wants. Placing a bet looks at one wager or two; those of a group are read at once.
func (t *transaction) loadBets(ctx context.Context, keys []play.Key) ([]*play.Bet, error) {
	var rows []db.Bet
	var only [][3]any
	for _, key := range keys {
		var found []db.Bet
		var err error
		switch {
		case key.Game == uuid.Nil:
		case key.All:
			found, err = t.q.LiveBets(ctx, key.Game)
		case key.Player == uuid.Nil:
		case key.Only == nil:
			found, err = t.q.LiveBetsOfPlayer(ctx, key.Game, key.Player)
		default:
			only = append(only, [3]any{key.Game, key.Player, key.Only.Code})
			if key.Only.Behind != nil {
				only = append(only, [3]any{key.Game, key.Player, key.Only.Behind.Code})
			}
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	if len(only) > 0 {
		found, err := t.q.LiveBetsOnWagers(ctx, array(only))
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return stored.All(rows, toBet)
}

// loadFunds loads the wallets of players, and what the house has to pay the tables' bets from.
func (t *transaction) loadFunds(ctx context.Context, turns map[uuid.UUID]*play.Turn, players []uuid.UUID) error {
	names := make([]ledger.Account, 0, 1+2*len(turns)+len(players))
	if len(turns) > 0 {
		names = append(names, ledger.House)
	}
	for game := range turns {
		names = append(names, ledger.Reserve(game), ledger.Escrow(game))
	}
	for _, player := range players {
		if player != uuid.Nil {
			names = append(names, ledger.Wallet(player))
		}
	}
	if err := t.loadAccounts(ctx, names...); err != nil {
		return err
	}
	if t.funds.House == 0 { // Not loaded, or nothing is there.
		t.funds.House = t.accounts.balance(ledger.House)
	}
	for game, turn := range turns {
		turn.Reserve = t.accounts.balance(ledger.Reserve(game))
	}
	for _, player := range players {
		wallet := t.accounts[ledger.Wallet(player)]
		// One that is known already another turn may have changed since.
		if _, known := t.funds.Wallets[player]; !known && wallet != nil && wallet.open {
			t.funds.Wallets[player] = wallet.balance
		}
	}
	return nil
}

// array is a parameter for json_each, which makes rows of it.
func array(values any) string {
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // Ids, names and numbers always have a JSON.
	}
	return string(text)
}
