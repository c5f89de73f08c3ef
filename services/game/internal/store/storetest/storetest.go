// Package storetest is the suite that every implementation of play.Store passes. Each bug that is found in a store adds
// a case.
package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// Run tests stores. open returns a new empty one, which the suite does not close.
func Run(t *testing.T, open func(t *testing.T) play.Store) {
	for name, test := range map[string]func(*testing.T, *fixture){
		"a game and all about it comes back":    testRoundTrip,
		"a failed update leaves nothing":        testRollback,
		"a round settles once":                  testSettlesOnce,
		"bets travel to numbers just left":      testTravel,
		"a player has one live bet of a kind":   testOneLiveBet,
		"overdrafts are refused":                testOverdraft,
		"keys of one game share a turn":         testSharedTurn,
		"a bet loads what it needs":             testOnly,
		"turns share their funds":               testSharedFunds,
		"updates do not interfere":              testConcurrency,
		"lists page without gaps":               testPages,
		"entries show both sides":               testEntries,
		"due and idle games are found":          testDue,
		"requests are remembered and forgotten": testRequests,
		"what bets look back on comes back":     testTrackers,
		"commissions lie beside the stakes":     testCommission,
		"each player has a result":              testResults,
		"live bets are listed in order":         testLiveBets,
		"the house promises what it has":        testHouseLimit,
		"a group adds up in order":              testGroup,
		"a group may be large":                  testLargeGroup,
		"a request takes effect once":           testSameRequest,
		"a wallet opens once":                   testOneWallet,
	} {
		t.Run(name, func(t *testing.T) {
			f := &fixture{t: t, store: open(t), now: time.UnixMicro(1_700_000_000_123_456).UTC()}
			f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
				return tx.Transfer(t.Context(), ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: bankroll, Reason: ledger.Bankroll, At: f.now})
			}))
			test(t, f)
			f.audit()
		})
	}
}

// fixture plays on a store.
type fixture struct {
	t     *testing.T
	store play.Store
	now   time.Time
}

const bankroll = 1_000_000

var rules = play.Rules{Grant: 1000, ShooterTimeout: time.Minute}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) ready(turn *play.Turn) *play.Turn {
	turn.Rules, turn.Now, turn.NewID = rules, f.now, newID
	return turn
}

// do loads a game, runs a command on it and saves it.
func (f *fixture) do(key play.Key, command func(*play.Turn) error) error {
	return f.store.Update(f.t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(f.t.Context(), key)
		if err != nil {
			return err
		}
		if err := command(f.ready(turns[0])); err != nil {
			return err
		}
		return tx.Save(f.t.Context(), turns...)
	})
}

func (f *fixture) create(player uuid.UUID) uuid.UUID {
	f.t.Helper()
	turn := f.ready(&play.Turn{})
	f.must(play.Create(turn, player, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500}))
	f.must(f.store.Update(f.t.Context(), func(tx play.Tx) error { return tx.Save(f.t.Context(), turn) }))
	return turn.Game.ID
}

// bet stakes 10.
func (f *fixture) bet(game, player uuid.UUID, wager string) *play.Bet {
	f.t.Helper()
	var bet *play.Bet
	f.must(f.do(play.Key{Game: game, Player: player}, func(turn *play.Turn) (err error) {
		bet, err = turn.PlaceBet(play.NewBet{Player: player, Wager: wager, Amount: 10, Seed: "lucky"})
		return err
	}))
	return bet
}

func (f *fixture) close(game, player uuid.UUID) *play.Round {
	f.t.Helper()
	var round *play.Round
	f.must(f.do(play.Key{Game: game, All: true}, func(turn *play.Turn) error {
		err := turn.Close(player)
		round = turn.Round()
		return err
	}))
	return round
}

// roll closes betting and settles with a beacon that throws the total.
func (f *fixture) roll(game, player uuid.UUID, total uint8) *play.Round {
	f.t.Helper()
	round := f.close(game, player)
	for seed := uint64(0); ; seed++ {
		probe := *round
		decision := play.Decision{Height: 3, BeaconHeight: 4, BeaconSignature: binary.BigEndian.AppendUint64(nil, seed)}
		f.must(f.ready(&play.Turn{Game: &play.Game{}, Funds: play.NewFunds()}).Settle(&probe, decision))
		if probe.Dice.Total() == total {
			f.must(f.settle(round, decision))
			return round
		}
	}
}

func (f *fixture) settle(round *play.Round, decision play.Decision) error {
	return f.do(play.Key{Game: round.Game, All: true}, func(turn *play.Turn) error {
		return turn.Settle(round, decision)
	})
}

func (f *fixture) balance(account ledger.Account) int64 {
	f.t.Helper()
	balance, _, err := f.store.Balance(f.t.Context(), account)
	f.must(err)
	return balance
}

func (f *fixture) audit() {
	f.t.Helper()
	audit, err := f.store.Audit(context.Background())
	if err != nil || !audit.Balanced() || audit.Accounts() < 2 || audit.Transfers < 1 {
		f.t.Errorf("audit = %+v, %v", audit, err)
	}
}

func testRoundTrip(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	bet := f.bet(id, alice, "pass_line")
	round := f.roll(id, alice, 6)

	game, err := f.store.Game(t.Context(), id)
	f.must(err)
	if game.Craps.Point != 6 || game.Craps.Rolls != 1 || game.Round != 2 || game.Hand != 1 || game.Shooter != alice || game.Rolling ||
		game.Status != play.Open || len(game.Seats) != 1 || game.Seats[0] != (play.Seat{Number: 1, Player: alice, JoinedAt: f.now}) ||
		!game.CreatedAt.Equal(f.now) || game.Limits != (play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500}) {
		t.Errorf("game = %+v", game)
	}
	bets, err := f.store.Bets(t.Context(), id, alice, 0, uuid.Nil, 10)
	f.must(err)
	if len(bets) != 1 || *bets[0] != *bet {
		t.Errorf("bets = %+v, want %+v", bets, bet)
	}
	got, err := f.store.Round(t.Context(), id, 1)
	f.must(err)
	if got.Commitment != round.Commitment || got.Dice != round.Dice || got.Call != round.Call || got.Sequence != round.Sequence ||
		got.Decision.Height != 3 || string(got.Decision.BeaconSignature) != string(round.Decision.BeaconSignature) || !got.SettledAt.Equal(f.now) {
		t.Errorf("round = %+v, want %+v", got, round)
	}
	events, err := f.store.Events(t.Context(), id, 0, 100)
	f.must(err)
	for i, event := range events {
		if event.GetSequence() != int64(i)+1 {
			t.Errorf("event %d has the sequence %d", i, event.GetSequence())
		}
	}
	if len(events) != int(game.Sequence) || events[got.Sequence-1].GetDiceRolled().GetTotal() != 6 {
		t.Errorf("%d events of %d", len(events), game.Sequence)
	}
	inPlay, err := f.store.InPlay(t.Context(), alice)
	if err != nil || inPlay != 10 || f.balance(ledger.Wallet(alice)) != 990 || f.balance(ledger.Escrow(id)) != 10 {
		t.Errorf("in play %d, wallet %d, escrow %d, %v", inPlay, f.balance(ledger.Wallet(alice)), f.balance(ledger.Escrow(id)), err)
	}
	for name, err := range map[string]error{
		"game":  func() error { _, err := f.store.Game(t.Context(), newID()); return err }(),
		"round": func() error { _, err := f.store.Round(t.Context(), id, 99); return err }(),
		"bet":   f.store.Update(t.Context(), func(tx play.Tx) error { _, err := tx.Bet(t.Context(), newID()); return err }),
	} {
		if !errors.Is(err, play.ErrNotFound) {
			t.Errorf("a %s that is not there: %v", name, err)
		}
	}
}

func testRollback(t *testing.T, f *fixture) {
	alice := newID()
	id, broken := f.create(alice), errors.New("broken")
	err := f.store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), play.Key{Game: id, Player: alice})
		f.must(err)
		_, err = f.ready(turns[0]).PlaceBet(play.NewBet{Player: alice, Wager: "field", Amount: 10})
		f.must(err)
		f.must(tx.Save(t.Context(), turns...))
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
	if _, open, err := f.store.Balance(t.Context(), ledger.Wallet(alice)); open || err != nil {
		t.Errorf("a wallet was left, %v", err)
	}
}

func testSettlesOnce(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	f.bet(id, alice, "pass_line")
	round := f.roll(id, alice, 7)
	before := f.balance(ledger.Wallet(alice))
	if err := f.settle(round, round.Decision); err == nil {
		t.Error("the round was settled twice")
	}
	if after := f.balance(ledger.Wallet(alice)); after != before || before != 1010 {
		t.Errorf("wallet went from %d to %d", before, after)
	}
	unsettled, err := f.store.Unsettled(t.Context(), f.now.Add(time.Hour), 10)
	if err != nil || len(unsettled) != 0 {
		t.Errorf("unsettled = %v, %v", unsettled, err)
	}
	f.bet(id, alice, "pass_line")
	f.close(id, alice)
	unsettled, err = f.store.Unsettled(t.Context(), f.now, 10)
	if err != nil || len(unsettled) != 1 || unsettled[0].Number != 2 {
		t.Errorf("unsettled = %v, %v", unsettled, err)
	}
}

func testTravel(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	f.bet(id, alice, "pass_line")
	f.roll(id, alice, 8)
	first := f.bet(id, alice, "come")
	f.roll(id, alice, 5)
	second := f.bet(id, alice, "come")
	f.roll(id, alice, 5)
	bets, err := f.store.Bets(t.Context(), id, alice, play.Live, uuid.Nil, 10)
	f.must(err)
	if len(bets) != 2 || bets[0].ID != second.ID || bets[0].Number != 5 {
		t.Errorf("live bets %+v; first come bet is %s", bets, first.ID)
	}
}

func testOneLiveBet(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	bet := f.bet(id, alice, "field")
	err := f.do(play.Key{Game: id, Player: alice}, func(turn *play.Turn) error {
		twin := *bet
		twin.ID = newID()
		turn.Bets = append(turn.Bets, &twin)
		return nil
	})
	if err == nil {
		t.Error("two live field bets were stored")
	}
}

func testOverdraft(t *testing.T, f *fixture) {
	alice, house := ledger.Wallet(newID()), ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: 5, Reason: ledger.Bankroll, At: f.now}
	move := func(transfers ...ledger.Transfer) error {
		return f.store.Update(t.Context(), func(tx play.Tx) error { return tx.Transfer(t.Context(), transfers...) })
	}
	f.must(move(house, ledger.Transfer{From: ledger.Issuance, To: alice, Amount: 10, Reason: ledger.Grant, At: f.now}))
	for amount, ok := range map[int64]bool{11: false, 0: false, -1: false, 10: true} {
		if err := move(ledger.Transfer{From: alice, To: ledger.House, Amount: amount, Reason: ledger.Loss, At: f.now}); (err == nil) != ok {
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

// testOnly loads what placing a bet needs: the bets on its wager and on the flat bet behind which it would stand.
func testOnly(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	f.bet(id, alice, "pass_line")
	f.roll(id, alice, 8)
	for _, wager := range []string{"come", "field", "hard_6"} {
		f.bet(id, alice, wager)
	}
	for wager, want := range map[string]int{"odds_pass": 1, "come": 1, "field": 1, "next_7": 0} {
		f.must(f.do(play.Key{Game: id, Player: alice, Only: craps.Named(wager)}, func(turn *play.Turn) error {
			if len(turn.Bets) != want {
				t.Errorf("%s: %d bets, want %d", wager, len(turn.Bets), want)
			}
			return nil
		}))
	}
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), play.Key{Game: id, Player: alice, Only: craps.Named("field")}, play.Key{Game: id, Player: alice, Only: craps.Named("odds_pass")})
		f.must(err)
		if turns[0] != turns[1] || len(turns[0].Bets) != 2 {
			t.Errorf("together %d bets", len(turns[0].Bets))
		}
		return nil
	}))
}

// testSharedFunds has a new player bet at two tables and look at the wallet, all in one transaction.
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
			t.Error("turns do not share what they must")
		}
		f.ready(turns[0]).OpenWallet(alice)
		for i, turn := range turns[1:3] {
			bet, err := f.ready(turn).PlaceBet(play.NewBet{Player: alice, Wager: "field", Amount: 300})
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
	entries, err := f.store.Entries(t.Context(), ledger.Wallet(alice), 0, 10)
	f.must(err)
	want := []int64{400, 700, 1000}
	for i, entry := range entries {
		if len(entries) != len(want) || entry.Balance != want[i] {
			t.Errorf("entry %d of %d leaves %d", i, len(entries), entry.Balance)
		}
	}
}

func testConcurrency(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				err := f.do(play.Key{Game: id, Player: alice}, func(turn *play.Turn) error {
					for _, bet := range turn.Bets { // One live field bet at most: take it back before placing another.
						if err := turn.RemoveBet(bet); err != nil {
							return err
						}
					}
					_, err := turn.PlaceBet(play.NewBet{Player: alice, Wager: "field", Amount: 10})
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if wallet := f.balance(ledger.Wallet(alice)); wallet != 990 {
		t.Errorf("wallet = %d", wallet)
	}
	all, err := f.store.Bets(t.Context(), id, alice, 0, uuid.Nil, 100)
	if err != nil || len(all) != 40 {
		t.Errorf("%d bets, %v", len(all), err)
	}
}

func testPages(t *testing.T, f *fixture) {
	alice := newID()
	var created []uuid.UUID
	for range 5 {
		created = append(created, f.create(alice))
	}
	var seen []uuid.UUID
	for behind := uuid.Nil; ; behind = seen[len(seen)-1] {
		games, err := f.store.OpenGames(t.Context(), behind, 2)
		f.must(err)
		for _, game := range games {
			seen = append(seen, game.ID)
		}
		if len(games) < 2 {
			break
		}
	}
	for i, id := range seen {
		if len(seen) != len(created) || id != created[len(created)-1-i] {
			t.Fatalf("games %v, created %v", seen, created)
		}
	}
	for range 3 {
		f.bet(created[0], alice, "pass_line")
		f.roll(created[0], alice, 7)
	}
	rounds, err := f.store.Rounds(t.Context(), created[0], 3, 5)
	if err != nil || len(rounds) != 2 || rounds[0].Number != 2 || rounds[1].Number != 1 {
		t.Errorf("rounds below 3 = %v, %v", rounds, err)
	}
	won, err := f.store.Bets(t.Context(), created[0], alice, play.Won, uuid.Nil, 2)
	f.must(err)
	more, err := f.store.Bets(t.Context(), created[0], alice, play.Won, won[1].ID, 2)
	if err != nil || len(won) != 2 || len(more) != 1 {
		t.Errorf("won bets: %d, then %d, %v", len(won), len(more), err)
	}
}

func testEntries(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	bet := f.bet(id, alice, "pass_line")
	f.roll(id, alice, 11)
	all, err := f.store.Entries(t.Context(), ledger.Wallet(alice), 0, 10)
	f.must(err)
	want := []struct {
		reason          ledger.Reason
		amount, balance int64
	}{{ledger.Win, 10, 1010}, {ledger.StakeBack, 10, 1000}, {ledger.Stake, -10, 990}, {ledger.Grant, 1000, 1000}}
	if len(all) != len(want) {
		t.Fatalf("entries = %+v", all)
	}
	for i, w := range want {
		if e := all[i]; e.Reason != w.reason || e.Amount != w.amount || e.Balance != w.balance {
			t.Errorf("entry %d = %+v, want %+v", i, e, w)
		}
	}
	if e := all[0]; e.Bet != bet.ID || e.Game != id || e.Round != 1 || !e.At.Equal(f.now) {
		t.Errorf("entry = %+v", e)
	}
	rest, err := f.store.Entries(t.Context(), ledger.Wallet(alice), all[1].ID, 1)
	if err != nil || len(rest) != 1 || rest[0].ID != all[2].ID {
		t.Errorf("entries below %d = %+v, %v", all[1].ID, rest, err)
	}
}

func testDue(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	id, quiet := f.create(alice), f.create(alice)
	f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error { return turn.Join(bob) }))
	f.bet(id, bob, "field")
	for after, want := range map[time.Duration]int{0: 0, rules.ShooterTimeout: 1} {
		due, err := f.store.TurnsDue(t.Context(), f.now.Add(after), 10)
		if err != nil || len(due) != want {
			t.Errorf("due after %s: %v, %v", after, due, err)
		}
	}
	idle, err := f.store.Idle(t.Context(), f.now.Add(-time.Microsecond), 10)
	if err != nil || len(idle) != 0 {
		t.Errorf("idle = %v, %v", idle, err)
	}
	f.now = f.now.Add(time.Hour)
	f.bet(id, alice, "field")
	idle, err = f.store.Idle(t.Context(), f.now.Add(-time.Minute), 10)
	if err != nil || len(idle) != 1 || idle[0] != quiet {
		t.Errorf("idle = %v, %v", idle, err)
	}
}

func testRequests(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	save := func(player uuid.UUID, id string, at time.Time) error {
		return f.store.Update(t.Context(), func(tx play.Tx) error {
			return tx.SaveRequests(t.Context(), map[play.RequestKey]play.Request{{Player: player, ID: id}: {Fingerprint: []byte{1}, Response: []byte{2, 3}, At: at}})
		})
	}
	known := func(player uuid.UUID, id string) (request play.Request, ok bool) {
		f.must(f.store.Update(t.Context(), func(tx play.Tx) (err error) {
			key := play.RequestKey{Player: player, ID: id}
			all, err := tx.Requests(t.Context(), play.RequestKey{Player: newID(), ID: id}, key)
			request, ok = all[key]
			return err
		}))
		return request, ok
	}
	f.must(save(alice, "k", f.now))
	f.must(save(alice, "k2", f.now.Add(time.Hour)))
	f.must(save(bob, "k", f.now.Add(time.Hour)))
	if err := save(alice, "k", f.now); err == nil {
		t.Error("a request was remembered twice")
	}
	if r, ok := known(alice, "k"); !ok || string(r.Fingerprint) != "\x01" || string(r.Response) != "\x02\x03" || !r.At.Equal(f.now) {
		t.Errorf("request = %+v, %v", r, ok)
	}
	n, err := f.store.PruneRequests(t.Context(), f.now.Add(time.Minute), 10)
	if _, ok := known(alice, "k"); ok || n != 1 || err != nil {
		t.Errorf("%d forgotten, the old one is there: %v, %v", n, ok, err)
	}
	if _, ok := known(bob, "k"); !ok {
		t.Error("a young request was forgotten")
	}
}
