package storetest

import (
	"cmp"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// fixture runs commands on a store.
type fixture struct {
	t     *testing.T
	store play.Store
	now   time.Time
}

const bankroll = 1_000_000

var rules = play.Rules{Grant: 1000, ShooterTimeout: time.Minute,
	Protection: protection.Rules{IncreaseDelay: 24 * time.Hour, SessionIdle: 15 * time.Minute}}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// newFixture returns a fixture on an empty store, with a bankroll for the house.
func newFixture(t *testing.T, store play.Store) *fixture {
	t.Helper()
	f := &fixture{t: t, store: store, now: time.UnixMicro(1_700_000_000_123_456).UTC()}
	f.must(store.Update(t.Context(), func(tx play.Tx) error {
		return tx.Transfer(t.Context(), ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: bankroll, Reason: ledger.Bankroll, At: f.now})
	}))
	return f
}

func (f *fixture) prepare(turn *play.Turn) *play.Turn {
	turn.Rules, turn.Now, turn.NewID = rules, f.now, newID
	return turn
}

// do loads a game, runs a command on it and saves it.
func (f *fixture) do(key play.Key, command func(*play.Turn) error) error {
	return f.doThenFail(key, command, nil)
}

// doThenFail is do in a transaction that returns failure, if that is not nil, after everything is saved.
func (f *fixture) doThenFail(key play.Key, command func(*play.Turn) error, failure error) error {
	return f.store.Update(f.t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(f.t.Context(), key)
		if err != nil {
			return err
		}
		if err := command(f.prepare(turns[0])); err != nil {
			return err
		}
		return cmp.Or(tx.Save(f.t.Context(), turns...), failure)
	})
}

func (f *fixture) create(player uuid.UUID) uuid.UUID {
	f.t.Helper()
	turn := f.prepare(&play.Turn{})
	f.must(play.Create(turn, player, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500}))
	f.must(f.store.Update(f.t.Context(), func(tx play.Tx) error { return tx.Save(f.t.Context(), turn) }))
	return turn.Game.ID
}

// bet places a bet of 10.
func (f *fixture) bet(game, player uuid.UUID, wager string) *play.Bet {
	f.t.Helper()
	return f.stake(game, player, wager, 10)
}

func (f *fixture) stake(game, player uuid.UUID, wager string, amount int64) *play.Bet {
	f.t.Helper()
	var bet *play.Bet
	f.must(f.do(play.Key{Game: game, Player: player}, func(turn *play.Turn) (err error) {
		bet, err = turn.PlaceBet(play.NewBet{Player: player, Wager: wager, Amount: amount, Seed: "lucky"})
		return err
	}))
	return bet
}

func (f *fixture) closeBetting(game, player uuid.UUID) *play.Round {
	f.t.Helper()
	var round *play.Round
	f.must(f.do(play.Key{Game: game, All: true}, func(turn *play.Turn) error {
		err := turn.CloseBetting(player)
		round = turn.Round()
		return err
	}))
	return round
}

// roll closes betting and settles with dice of a total.
func (f *fixture) roll(game, player uuid.UUID, total uint8) *play.Round {
	f.t.Helper()
	round := f.closeBetting(game, player)
	f.must(f.settle(round, f.decisionFor(round, total)))
	return round
}

// decisionFor returns a decision on a round with a beacon that gives dice of the total.
func (f *fixture) decisionFor(round *play.Round, total uint8) play.Decision {
	f.t.Helper()
	for seed := uint64(0); ; seed++ {
		probe := *round
		decision := play.Decision{Height: 3, BeaconHeight: 4, BeaconSignature: binary.BigEndian.AppendUint64(nil, seed)}
		f.must(f.prepare(&play.Turn{Game: &play.Game{}, Funds: play.NewFunds()}).Settle(&probe, decision))
		if probe.Dice.Total() == total {
			return decision
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
