package game

import (
	"testing"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestTransfersFollowCommandOrder has a player place a bet, and then remove it and bet the money at another table, in one group whose
// first command is another player's at that other table.
func TestTransfersFollowCommandOrder(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s manualService, transactions *countingStore) {
		players, games := newBettors(s, 2), &gameServer{Service: s.Service}
		player, other := players[1], players[0].game
		s.commitTogether(func() error {
			_, err := games.JoinGame(player.ctx(), &gamev1.JoinGameRequest{GameId: other})
			return err
		})
		var first, second *gamev1.PlaceBetResponse
		var back *gamev1.RemoveBetResponse
		s.commitTogether(func() (err error) {
			first, err = games.PlaceBet(player.ctx(), &gamev1.PlaceBetRequest{GameId: player.game, BetType: "field", Amount: 1000})
			return err
		})
		before := transactions.updates
		s.commitTogether(players[0].bet,
			func() (err error) {
				back, err = games.RemoveBet(player.ctx(), &gamev1.RemoveBetRequest{GameId: player.game, BetId: first.GetBet().GetBetId()})
				return err
			},
			func() (err error) {
				second, err = games.PlaceBet(player.ctx(), &gamev1.PlaceBetRequest{GameId: other, BetType: "field", Amount: 900})
				return err
			})
		if n := transactions.updates - before; n != 1 {
			t.Errorf("%d transactions, want that of the group", n)
		}
		answers := []int64{second.GetBalance(), back.GetBalance(), first.GetBalance()}
		entries, err := s.store.Entries(t.Context(), player.id, 0, len(answers))
		if err != nil || len(entries) != len(answers) {
			t.Fatal(entries, err)
		}
		for i, answer := range answers {
			if entry := entries[i]; entry.Balance != answer {
				t.Errorf("answer %d from the end had a balance of %d, the ledger has %d", i, answer, entry.Balance)
			}
		}
		s.audit()
	})
}
