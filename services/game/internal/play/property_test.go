package play_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/receipt"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
	"github.com/bitcraps/bitcraps/services/game/internal/replay"
)

// commands are what players and time do to a random table. Some are refused; then they must leave no trace, which the
// table's next check sees.
func (tb *table) commands(players []uuid.UUID) map[string]func(*rapid.T) {
	player := rapid.SampledFrom(players)
	wagers := rapid.SampledFrom(craps.Wagers())
	settle := func(t *rapid.T) {
		if tb.game.Rolling {
			if err := tb.settle(rapid.Uint64().Draw(t, "beacon")); err != nil {
				t.Fatal(err)
			}
		}
	}
	drawBet := func(t *rapid.T) uuid.UUID {
		if live := tb.sortedBets(); len(live) > 0 {
			return rapid.SampledFrom(live).Draw(t, "bet").ID
		}
		return uuid.Nil
	}
	return map[string]func(*rapid.T){
		"join": func(t *rapid.T) {
			_ = tb.do(func(turn *play.Turn) error { return turn.Join(player.Draw(t, "player")) })
		},
		"bet": func(t *rapid.T) {
			player, wager := player.Draw(t, "player"), wagers.Draw(t, "wager")
			number := uint8(0)
			for _, flat := range tb.sortedBets() {
				if flat.Player == player && flat.Wager == wager.Behind && flat.Number != 0 {
					number = flat.Number
				}
			}
			stake := rapid.Int64Range(1, 8).Draw(t, "stake") * wager.Multiple(number)
			_ = tb.do(func(turn *play.Turn) error {
				_, err := turn.PlaceBet(play.NewBet{Player: player, Wager: wager.Name, Amount: stake, Number: number,
					Working: wager.OffOnComeOut && rapid.Bool().Draw(t, "working")})
				return err
			})
		},
		"change": func(t *rapid.T) {
			if id := drawBet(t); id != uuid.Nil {
				amount, working := tb.bets[id].Amount/rapid.Int64Range(1, 3).Draw(t, "part"), rapid.Bool().Draw(t, "working")
				_ = tb.change(id, play.BetChange{Amount: &amount})
				_ = tb.change(id, play.BetChange{Working: &working})
			}
		},
		"remove": func(t *rapid.T) {
			if id := drawBet(t); id != uuid.Nil {
				_ = tb.remove(id)
			}
		},
		"roll": func(t *rapid.T) {
			_, _ = tb.bet(tb.game.Shooter, "pass_line", 10, 0)
			_ = tb.do(func(turn *play.Turn) error { return turn.CloseBetting(tb.game.Shooter) })
			settle(t)
		},
		"pass": func(*rapid.T) { _ = tb.do(func(turn *play.Turn) error { return turn.PassDice(tb.game.Shooter) }) },
		"leave": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
				_ = tb.do(func(turn *play.Turn) error { return turn.Leave(player.Draw(t, "player")) })
			}
		},
		"wait": func(t *rapid.T) {
			tb.now = tb.now.Add(time.Minute)
			_ = tb.do(func(turn *play.Turn) error { _, err := turn.TurnDue(); return err })
			settle(t)
		},
	}
}

// TestRandomGames plays random games with every wager. The table checks after every command that money is conserved and
// that no live bet is lost; at the end every payout must be one of the wager's pay table, and replaying the log must lead to the
// same state. The verifier of receipts must accept every round, and each one as following from the one before.
func TestRandomGames(t *testing.T) {
	const steps = 4000
	wantRolls, wantWagers := 100_000, len(craps.Wagers())
	if testing.Short() { // Then rapid plays fewer games, and chance may leave out a rare wager.
		wantRolls, wantWagers = 10_000, wantWagers-5
	}
	rolled, wagers := 0, map[*craps.Wager]int{}
	rapid.Check(t, func(t *rapid.T) {
		tb := newTable(t)
		players := []uuid.UUID{{1}, {2}, {3}}
		tb.create(players[0], play.Limits{MaxPlayers: 3, MinBet: 1, MaxBet: 1000})
		tb.setProtection(players[1], func(*protection.State) error { return nil }) // This player's bets are counted, and never limited.
		commands := tb.commands(players)
		names := rapid.SampledFrom([]string{"join", "bet", "bet", "bet", "change", "remove", "roll", "roll", "roll", "roll", "roll", "pass", "leave", "wait"})
		for range steps {
			if tb.game.Status == play.Open {
				commands[names.Draw(t, "command")](t)
			}
			tb.topUp(players)
		}
		for _, bet := range tb.bets {
			wagers[bet.Wager]++
			if !paysByTable(bet) {
				t.Fatalf("%s of %d is %s with a payout of %d", bet.Wager.Name, bet.Amount, bet.Status, bet.Payout)
			}
		}
		replayed := 0
		var last *play.Round
		if err := replay.Game(t.Context(), tb, tb.game.ID, func(round *play.Round) error {
			replayed++
			defer func() { last = round }()
			return verify(last, round)
		}); err != nil {
			t.Fatal(err)
		}
		rolled += replayed
	})
	if rolled < wantRolls || len(wagers) < wantWagers {
		t.Errorf("only %d rolls and %d wagers: the test does not cover what it should", rolled, len(wagers))
	}
	t.Logf("%d rolls", rolled)
}

// verify fails if the verifier of receipts would reject a round as impossible under the rules.
func verify(last, round *play.Round) error {
	if err := errors.Join(receipt.CheckState(round.State), receipt.CheckBets(round.State, round.Bets)); err != nil || last == nil {
		return err
	}
	return receipt.CheckNext(last.State, last.Bets, last.Dice, round.State, round.Bets)
}

// paysByTable reports whether a bet's payout is allowed by its status and its wager's pay table.
func paysByTable(bet *play.Bet) bool {
	switch bet.Status {
	case play.Won:
		for line := range bet.Wager.Pays {
			if bet.Payout == bet.Amount+bet.Wager.Profit(line, bet.Amount) {
				return true
			}
		}
		return false
	case play.Pushed:
		return bet.Payout == bet.Amount
	case play.Removed:
		return bet.Payout == bet.Amount+bet.Commission
	}
	return bet.Payout == 0
}
