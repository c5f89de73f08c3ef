package storetest

import (
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

func testOverdraft(t *testing.T, f *fixture) {
	alice, house := ledger.Wallet(newID()), ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: 5, Reason: ledger.Bankroll, At: f.now}
	transfer := func(transfers ...ledger.Transfer) error {
		return f.store.Update(t.Context(), func(tx play.Tx) error { return tx.Transfer(t.Context(), transfers...) })
	}
	f.must(transfer(house, ledger.Transfer{From: ledger.Issuance, To: alice, Amount: 10, Reason: ledger.Grant, At: f.now}))
	for amount, ok := range map[int64]bool{11: false, 0: false, -1: false, 10: true} {
		if err := transfer(ledger.Transfer{From: alice, To: ledger.House, Amount: amount, Reason: ledger.Loss, At: f.now}); (err == nil) != ok {
			t.Errorf("a transfer of %d of 10: %v", amount, err)
		}
	}
}

func testSharedTurn(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	id := f.create(alice)
	f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error { return turn.Join(bob) }))
	f.bet(id, alice, "field")
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), play.Key{Game: id, Player: alice}, play.Key{Game: newID()}, play.Key{Game: id, Player: bob}, play.Key{Game: id, All: true})
		f.must(err)
		if turns[0] != turns[2] || turns[0] != turns[3] || turns[1] != nil || len(turns[0].Bets) != 1 {
			t.Errorf("turns = %v", turns)
		}
		return nil
	}))
}

// testKeyWager loads what placing a bet needs: the bets on its wager and on the flat bet that it would stand behind.
func testKeyWager(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	f.bet(id, alice, "pass_line")
	f.roll(id, alice, 8)
	for _, wager := range []string{"come", "field", "hard_6"} {
		f.bet(id, alice, wager)
	}
	for wager, want := range map[string]int{"odds_pass": 1, "come": 1, "field": 1, "next_7": 0} {
		f.must(f.do(play.Key{Game: id, Player: alice, Wager: craps.ByName(wager)}, func(turn *play.Turn) error {
			if len(turn.Bets) != want {
				t.Errorf("%s: %d bets, want %d", wager, len(turn.Bets), want)
			}
			return nil
		}))
	}
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), play.Key{Game: id, Player: alice, Wager: craps.ByName("field")}, play.Key{Game: id, Player: alice, Wager: craps.ByName("odds_pass")})
		f.must(err)
		if turns[0] != turns[1] || len(turns[0].Bets) != 2 {
			t.Errorf("together %d bets", len(turns[0].Bets))
		}
		return nil
	}))
}

// testSharedFunds has a new player open the wallet and bet at two tables, all in one transaction.
func testSharedFunds(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	first, second := f.create(alice), f.create(bob)
	for _, game := range []uuid.UUID{first, second} {
		f.must(f.do(play.Key{Game: game}, func(turn *play.Turn) error { return turn.Join(alice) }))
	}
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), play.Key{Player: alice}, play.Key{Game: first, Player: alice}, play.Key{Game: second, Player: alice},
			play.Key{Game: first, Player: alice})
		f.must(err)
		if turns[1].Funds != turns[2].Funds || turns[0].Funds != turns[1].Funds || turns[1] != turns[3] || turns[0].Game != nil {
			t.Error("turns do not share what they should")
		}
		f.prepare(turns[0]).OpenWallet(alice)
		for i, turn := range turns[1:3] {
			bet, err := f.prepare(turn).PlaceBet(play.NewBet{Player: alice, Wager: "field", Amount: 300})
			if err != nil || turn.Wallets[alice] != 700-300*int64(i) {
				t.Errorf("bet %v, %v, wallet %d", bet, err, turn.Wallets[alice])
			}
		}
		if _, err := turns[2].PlaceBet(play.NewBet{Player: alice, Wager: "hard_6", Amount: 401}); err == nil {
			t.Error("a wallet was overdrawn by bets at two tables")
		}
		return tx.Save(t.Context(), turns[:3]...)
	}))
	if wallet := f.balance(ledger.Wallet(alice)); wallet != 400 {
		t.Errorf("wallet %d", wallet)
	}
	entries, err := f.store.Entries(t.Context(), alice, 0, 10)
	f.must(err)
	want := []int64{400, 700, 1000}
	for i, entry := range entries {
		if len(entries) != len(want) || entry.Balance != want[i] {
			t.Errorf("entry %d of %d leaves %d", i, len(entries), entry.Balance)
		}
	}
}
