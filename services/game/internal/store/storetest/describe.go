package storetest

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// describeLoaded describes a game and the owners of its bets as loaded by a transaction.
func (f *fixture) describeLoaded(key play.Key) (found string) {
	f.t.Helper()
	f.must(f.store.Update(f.t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(f.t.Context(), key)
		if err != nil {
			return err
		}
		turn := turns[0]
		found = describe(turn.Game, turn.Bets, turn.House, turn.Reserve)
		for _, player := range owners(turn.Bets) {
			found += describeWallet(player, turn.Wallets[player], turn.Protections[player])
		}
		return nil
	}))
	return found
}

// describeStored describes the same as the readers return it.
func (f *fixture) describeStored(key play.Key) string {
	f.t.Helper()
	game, err := f.store.Game(f.t.Context(), key.Game)
	f.must(err)
	bets, err := f.store.LiveBets(f.t.Context(), key.Game)
	f.must(err)
	text := describe(game, bets, f.balance(ledger.House), f.balance(ledger.Reserve(key.Game)))
	for _, player := range owners(bets) {
		state, err := f.store.Protection(f.t.Context(), player)
		f.must(err)
		text += describeWallet(player, f.balance(ledger.Wallet(player)), state)
	}
	return text
}

// owners returns the owners of bets, in the order of their first bets.
func owners(bets []*play.Bet) (players []uuid.UUID) {
	for _, bet := range bets {
		if !slices.Contains(players, bet.Player) {
			players = append(players, bet.Player)
		}
	}
	return players
}

func describeWallet(player uuid.UUID, balance int64, state *protection.State) string {
	text := fmt.Sprintf("\n%s has %d", player, balance)
	if state != nil {
		text += fmt.Sprintf(" and %+v", *state)
	}
	return text
}

func describe(game *play.Game, bets []*play.Bet, house, reserve int64) string {
	text := fmt.Sprintf("%+v\nhouse %d, reserve %d", *game, house, reserve)
	for _, bet := range bets {
		text += fmt.Sprintf("\n%+v", *bet)
	}
	return text
}
