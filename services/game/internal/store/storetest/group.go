package storetest

import (
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// testGroup runs commands of several players at two tables in one transaction. One of them plays at both.
func testGroup(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	first, second := f.create(alice), f.create(alice)
	f.must(f.do(play.Key{Game: first}, func(turn *play.Turn) error { return turn.Join(bob) }))
	commands := []struct {
		key   play.Key
		wager string
	}{
		{play.Key{Game: first, Player: alice}, "pass_line"}, {play.Key{Game: second, Player: alice}, "pass_line"},
		{play.Key{Game: first, Player: bob}, "field"}, {play.Key{Game: first, Player: alice}, "field"},
		{play.Key{Game: second, Player: alice}, "hard_8"}, {play.Key{Game: first, Player: bob}, "hard_8"},
	}
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		var keys []play.Key
		for _, command := range commands {
			keys = append(keys, command.key)
		}
		turns, err := tx.Load(t.Context(), keys...)
		f.must(err)
		for i, command := range commands {
			_, err := f.prepare(turns[i]).PlaceBet(play.NewBet{Player: command.key.Player, Wager: command.wager, Amount: 10})
			f.must(err)
		}
		if turns[0].Wallets[alice] != 960 || turns[1].Wallets[alice] != 960 || turns[0].Wallets[bob] != 980 {
			t.Errorf("turns have %v and %v", turns[0].Wallets, turns[1].Wallets)
		}
		return tx.Save(t.Context(), turns[0], turns[1])
	}))
	entries, err := f.store.Entries(t.Context(), alice, 0, 10)
	f.must(err)
	for i, balance := range []int64{960, 970, 980, 990, 1000} {
		if len(entries) != 5 || entries[i].Balance != balance {
			t.Fatalf("entries = %+v", entries)
		}
	}
	if wallet, escrow := f.balance(ledger.Wallet(bob)), f.balance(ledger.Escrow(first)); wallet != 980 || escrow != 40 {
		t.Errorf("wallet %d, escrow %d", wallet, escrow)
	}
}

// testLargeGroup runs groups larger than any that the service makes.
func testLargeGroup(t *testing.T, f *fixture) {
	const size = 300
	keys, opened := make([]play.Key, size), make([]*play.Turn, size)
	for i := range keys {
		opened[i], keys[i].Player = f.prepare(&play.Turn{}), newID()
		f.must(play.Create(opened[i], keys[i].Player, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500}))
		keys[i].Game = opened[i].Game.ID
	}
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error { return tx.Save(t.Context(), opened...) }))
	requests := make(map[play.RequestKey]play.Request, size)
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), keys...)
		f.must(err)
		for i, turn := range turns {
			_, err := f.prepare(turn).PlaceBet(play.NewBet{Player: keys[i].Player, Wager: "pass_line", Amount: 10})
			f.must(err)
			requests[play.RequestKey{Player: keys[i].Player, ID: "k"}] = play.Request{Fingerprint: []byte{1}, Response: []byte{2}, At: f.now}
		}
		f.must(tx.SaveRequests(t.Context(), requests))
		return tx.Save(t.Context(), turns...)
	}))
	rounds := make([]*play.Round, size)
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		for i := range keys {
			keys[i].All = true
		}
		turns, err := tx.Load(t.Context(), keys...)
		f.must(err)
		for i, turn := range turns {
			f.must(f.prepare(turn).CloseBetting(keys[i].Player))
			rounds[i] = turn.Round()
		}
		return tx.Save(t.Context(), turns...)
	}))
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), keys...)
		f.must(err)
		for i, turn := range turns {
			f.must(f.prepare(turn).Settle(rounds[i], play.Decision{Height: 1, BeaconHeight: 2, BeaconSignature: keys[i].Game[:]}))
		}
		return tx.Save(t.Context(), turns...)
	}))
	for i, key := range keys {
		result, err := f.store.Result(t.Context(), key.Game, 1, key.Player)
		if err != nil || result.Bets != 1 || result.Balance != f.balance(ledger.Wallet(key.Player)) || rounds[i].Status != play.Settled {
			t.Errorf("result %d = %+v, %v", i, result, err)
		}
	}
}

// testSameRequest sends one request many times concurrently. It takes effect once, and no call is refused.
func testSameRequest(t *testing.T, f *fixture) {
	alice := newID()
	key := play.Key{Game: f.create(alice), Player: alice}
	request := play.RequestKey{Player: alice, ID: "k"}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := f.store.Update(t.Context(), func(tx play.Tx) error {
				turns, err := tx.Load(t.Context(), key)
				if err != nil {
					return err
				}
				known, err := tx.Requests(t.Context(), request)
				if err != nil || len(known) > 0 {
					return err
				}
				if _, err := f.prepare(turns[0]).PlaceBet(play.NewBet{Player: alice, Wager: "field", Amount: 10}); err != nil {
					return err
				}
				if err := tx.Save(t.Context(), turns...); err != nil {
					return err
				}
				return tx.SaveRequests(t.Context(), map[play.RequestKey]play.Request{request: {Fingerprint: []byte{1}, Response: []byte{2}, At: f.now}})
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if wallet := f.balance(ledger.Wallet(alice)); wallet != 990 {
		t.Errorf("wallet = %d", wallet)
	}
}

// testOneWallet has a new player bet at many tables concurrently: the wallet opens once.
func testOneWallet(t *testing.T, f *fixture) {
	alice := newID()
	var games []uuid.UUID
	for range 8 {
		games = append(games, f.create(alice))
	}
	var wg sync.WaitGroup
	for _, game := range games {
		wg.Go(func() {
			if err := f.do(play.Key{Game: game, Player: alice}, func(turn *play.Turn) error {
				_, err := turn.PlaceBet(play.NewBet{Player: alice, Wager: "field", Amount: 10})
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if wallet := f.balance(ledger.Wallet(alice)); wallet != 920 {
		t.Errorf("wallet = %d", wallet)
	}
}
