package sqlite

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/cached"
)

// Load implements play.Tx.
func (t *transaction) Load(ctx context.Context, keys ...play.Key) ([]*play.Turn, error) {
	ctx = withoutCancel(ctx)
	byGame := cached.KeysByGame(keys)
	if err := t.loadGames(ctx, t.loadCachedGames(byGame)); err != nil {
		return nil, err
	}
	loaded := make(map[uuid.UUID]*play.Turn, len(byGame))
	for id, keys := range byGame {
		if game := t.games[id]; game != nil {
			loaded[id] = game.Turn(t.funds, keys)
		}
	}
	var players []uuid.UUID
	for _, turn := range loaded {
		for _, bet := range turn.Bets {
			players = append(players, bet.Player)
		}
	}
	turns := make([]*play.Turn, len(keys))
	for i, key := range keys {
		turns[i] = loaded[key.Game]
		if key.Game == uuid.Nil {
			turns[i] = &play.Turn{Funds: t.funds}
		}
		players = append(players, key.Player)
	}
	return turns, t.loadFunds(ctx, loaded, players)
}

// loadGames reads games with all their live bets: the next transactions will need other bets of theirs.
func (t *transaction) loadGames(ctx context.Context, ids []uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	list := jsonArray(ids)
	games, err := t.q.GamesOf(ctx, list)
	if err != nil {
		return err
	}
	seats, err := t.q.SeatsOf(ctx, list)
	if err != nil {
		return err
	}
	bets, err := t.q.LiveBetsOf(ctx, list)
	if err != nil {
		return err
	}
	for _, row := range games {
		t.games[row.ID] = &cached.Game{State: toGame(row)}
	}
	for _, row := range seats {
		game := t.games[row.GameID].State
		game.Seats = append(game.Seats, toSeat(row))
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

// loadFunds loads the wallets of players, the accounts of the tables, and the house.
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
	if t.funds.House == 0 { // Not loaded yet, or empty.
		t.funds.House = t.accounts.balance(ledger.House)
	}
	for game, turn := range turns {
		turn.Reserve = t.accounts.balance(ledger.Reserve(game))
	}
	for _, player := range players {
		wallet := t.accounts[ledger.Wallet(player)]
		// A wallet that is known already may have been changed by another turn since.
		if _, known := t.funds.Wallets[player]; !known && wallet != nil && wallet.open {
			t.funds.Wallets[player] = wallet.balance
		}
	}
	return nil
}

// jsonArray encodes values as a parameter for json_each, which turns it into rows.
func jsonArray(values any) string {
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // Ids, names and numbers can always be encoded.
	}
	return string(text)
}
