package storetest

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// testOrder moves money from table to table in one transaction, in a different order than that in which the tables are first used: at the
// second table, where bob bets first, alice stakes all that the first table has just returned to her.
func testOrder(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	first, second := f.twoTables(alice, bob)
	all := f.stake(first, alice, "field", rules.Grant/2)
	f.stake(first, alice, "hard_8", rules.Grant/2)
	f.runGroup([]play.Key{{Game: second, Player: bob}, {Game: first, Player: alice}, {Game: second, Player: alice}},
		placeField(bob, 10),
		func(turn *play.Turn) error {
			for _, bet := range turn.Bets {
				if bet.ID == all.ID {
					return turn.RemoveBet(bet)
				}
			}
			return play.ErrNotFound
		},
		placeField(alice, rules.Grant/2))
	f.expectBalances(alice, 0, rules.Grant/2, 0, rules.Grant/2, rules.Grant)
}

// testResultOrder has alice bet at another table in the transaction that settles her round: her result has the balance of the ledger.
func testResultOrder(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	first, second := f.twoTables(alice, bob)
	f.bet(first, alice, "pass_line")
	round := f.closeBetting(first, alice)
	f.runGroup([]play.Key{{Game: second, Player: bob}, {Game: first, All: true}, {Game: second, Player: alice}},
		placeField(bob, 10),
		func(turn *play.Turn) error { return turn.Settle(round, f.decisionFor(round, 7)) },
		placeField(alice, 100))
	result, err := f.store.Result(t.Context(), first, 1, alice)
	if err != nil || result.Balance != 1010 {
		t.Errorf("result %+v, %v", result, err)
	}
	f.expectBalances(alice, 910, 1010, 1000, 990, 1000)
}

// testHouseOrder has a house without money set aside what another table has just released in the same transaction.
func testHouseOrder(t *testing.T, f *fixture) {
	alice, bob, carol := newID(), newID(), newID()
	first, second := f.create(alice), f.create(bob)
	f.bet(first, alice, "field")
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		left, _, err := tx.Balance(t.Context(), ledger.House)
		if err != nil {
			return err
		}
		return tx.Transfer(t.Context(), ledger.Transfer{From: ledger.House, To: ledger.Issuance, Amount: left, Reason: ledger.Bankroll, At: f.now})
	}))
	f.runGroup([]play.Key{{Game: second, Player: carol}, {Game: first, All: true}, {Game: second, Player: bob}},
		func(turn *play.Turn) error { return turn.Join(carol) },
		func(turn *play.Turn) error { return turn.Leave(alice) },
		placeField(bob, 10))
	if reserve := f.balance(ledger.Reserve(second)); reserve == 0 || f.balance(ledger.Reserve(first)) != 0 {
		t.Errorf("the second table has a reserve of %d, the first one of %d", reserve, f.balance(ledger.Reserve(first)))
	}
}

// twoTables opens a table of alice's, and one of bob's at which alice is seated too.
func (f *fixture) twoTables(alice, bob uuid.UUID) (first, second uuid.UUID) {
	f.t.Helper()
	first, second = f.create(alice), f.create(bob)
	f.must(f.do(play.Key{Game: second}, func(turn *play.Turn) error { return turn.Join(alice) }))
	return first, second
}

// placeField returns a command that bets on the field.
func placeField(player uuid.UUID, amount int64) func(*play.Turn) error {
	return func(turn *play.Turn) error {
		_, err := turn.PlaceBet(play.NewBet{Player: player, Wager: "field", Amount: amount})
		return err
	}
}

// runGroup runs a command on each key's turn, all in one transaction, and saves the turns in the order of their first use.
func (f *fixture) runGroup(keys []play.Key, commands ...func(*play.Turn) error) {
	f.t.Helper()
	f.must(f.store.Update(f.t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(f.t.Context(), keys...)
		if err != nil {
			return err
		}
		for i, command := range commands {
			if err := command(f.prepare(turns[i])); err != nil {
				return err
			}
		}
		return tx.Save(f.t.Context(), distinct(turns)...)
	}))
}

func distinct(turns []*play.Turn) (out []*play.Turn) {
	for _, turn := range turns {
		if !slices.Contains(out, turn) {
			out = append(out, turn)
		}
	}
	return out
}

// expectBalances fails unless the wallet had these balances, newest first.
func (f *fixture) expectBalances(player uuid.UUID, want ...int64) {
	f.t.Helper()
	entries, err := f.store.Entries(f.t.Context(), player, 0, 100)
	f.must(err)
	got := make([]int64, len(entries))
	for i, entry := range entries {
		got[i] = entry.Balance
	}
	if !slices.Equal(got, want) || f.balance(ledger.Wallet(player)) != want[0] {
		f.t.Errorf("balances of the wallet = %v, want %v", got, want)
	}
}
