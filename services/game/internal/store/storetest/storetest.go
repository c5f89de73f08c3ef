// Package storetest provides the conformance tests and benchmarks that every implementation of play.Store must pass. Each bug
// that is found in a store adds a case.
package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// Run runs the conformance tests. open returns a new empty store, which the tests do not close.
func Run(t *testing.T, open func(t *testing.T) play.Store) {
	for name, test := range map[string]func(*testing.T, *fixture){
		"a game reads back as saved":               testRoundTrip,
		"a failed update is rolled back":           testRollback,
		"a round settles once":                     testSettlesOnce,
		"bets travel to numbers just left":         testTravel,
		"a player has one live bet of a kind":      testOneLiveBet,
		"overdrafts are refused":                   testOverdraft,
		"keys of one game share a turn":            testSharedTurn,
		"a key with a wager loads its bets":        testKeyWager,
		"turns share their funds":                  testSharedFunds,
		"concurrent updates are isolated":          testConcurrency,
		"lists page without gaps":                  testPages,
		"entries show both sides":                  testEntries,
		"due and idle games are found":             testDue,
		"requests are saved and pruned":            testRequests,
		"roll history of bets reads back":          testTrackers,
		"the seat that the shooter left":           testLeftSeat,
		"commissions are held with the stakes":     testCommission,
		"each player has a result":                 testResults,
		"live bets are listed in order":            testLiveBets,
		"the house sets aside no more than it has": testHouseLimit,
		"a group adds up in order":                 testGroup,
		"transfers keep the order of commands":     testOrder,
		"reserves keep the order of commands":      testHouseOrder,
		"results agree with the ledger":            testResultOrder,
		"a group may be large":                     testLargeGroup,
		"a request takes effect once":              testSameRequest,
		"a wallet opens once":                      testOneWallet,
		"limits count with the bets":               testProtection,
		"a wallet opens with an exclusion":         testFirstProtection,
		"private games are not listed":             testPrivate,
		"games with free seats are found":          testFreeSeats,
		"scores add up":                            testScores,
		"scores of one transaction add up":         testManyScores,
		"a census counts each player once":         testCensus,
		"equal scores page without gaps":           testTies,
		"a deleted player's data is erased":        testForget,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, open(t))
			test(t, f)
			f.audit()
		})
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
			t.Errorf("a %s that does not exist: %v", name, err)
		}
	}
}

func testRollback(t *testing.T, f *fixture) {
	alice := newID()
	id, broken := f.create(alice), errors.New("broken")
	err := f.store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), play.Key{Game: id, Player: alice})
		f.must(err)
		_, err = f.prepare(turns[0]).PlaceBet(play.NewBet{Player: alice, Wager: "field", Amount: 10})
		f.must(err)
		f.must(tx.Save(t.Context(), turns...))
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
	if _, open, err := f.store.Balance(t.Context(), ledger.Wallet(alice)); open || err != nil {
		t.Errorf("the wallet exists, %v", err)
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
	unsettled, err := f.store.UnsettledRounds(t.Context(), time.Time{}, f.now.Add(time.Hour), 10)
	if err != nil || len(unsettled) != 0 {
		t.Errorf("unsettled = %v, %v", unsettled, err)
	}
	latest, err := f.store.LatestSettledRound(t.Context())
	if err != nil || latest.Commitment != round.Commitment || latest.Decision.Height != round.Decision.Height {
		t.Errorf("latest settled round = %+v, %v", latest, err)
	}
	f.bet(id, alice, "pass_line")
	f.closeBetting(id, alice)
	unsettled, err = f.store.UnsettledRounds(t.Context(), time.Time{}, f.now, 10)
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

func testConcurrency(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				err := f.do(play.Key{Game: id, Player: alice}, func(turn *play.Turn) error {
					for _, bet := range turn.Bets { // At most one live field bet is allowed: take it back before placing another.
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
