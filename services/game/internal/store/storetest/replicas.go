package storetest

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// steps are enough for each command to follow each other one, at the same store and at another.
const steps = 400

// Replicas runs random commands on randomly chosen stores that share an empty database. Whatever each store caches, a transaction must
// load what the readers read, which cache nothing.
func Replicas(t *testing.T, stores ...play.Store) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := &replicas{Rand: rand.New(rand.NewPCG(seed, 0)), fixture: newFixture(t, stores[0])}
	for range 3 {
		r.players = append(r.players, newID())
	}
	for step := range steps {
		if r.store = pick(r.Rand, stores); len(r.games) < 2 {
			r.games = append(r.games, r.create(pick(r.Rand, r.players)))
		}
		player, key := pick(r.Rand, r.players), play.Key{Game: pick(r.Rand, r.games), All: true}
		r.step(key, player)
		for i, store := range stores {
			r.store = store
			if found, want := r.describeLoaded(key), r.describeStored(key); found != want {
				t.Fatalf("step %d: store %d loads\n%s\nand reads\n%s", step, i, found, want)
			}
		}
		if game, err := r.store.Game(t.Context(), key.Game); err != nil || game.Status != play.Open {
			r.must(err)
			r.games = slices.DeleteFunc(r.games, func(id uuid.UUID) bool { return id == key.Game })
		}
	}
	r.audit()
}

type replicas struct {
	*rand.Rand
	*fixture
	players, games []uuid.UUID
}

func pick[V any](r *rand.Rand, of []V) V { return of[r.IntN(len(of))] }

// errBeforeCommit fails a transaction after everything but its commit.
var errBeforeCommit = errors.New("failed after the command")

// step runs a random command of a player. Neither a refused command nor a failed transaction may leave anything.
func (r *replicas) step(key play.Key, player uuid.UUID) {
	r.t.Helper()
	if r.IntN(20) == 0 {
		r.must(r.setLossLimit(player, 500+r.Int64N(500)))
		return
	}
	command := pick(r.Rand, r.commands(player))
	if wager := pick(r.Rand, craps.Wagers()); r.IntN(2) == 0 {
		key = play.Key{Game: key.Game, Player: player, Wager: wager}
		command = func(turn *play.Turn) error {
			_, err := turn.PlaceBet(play.NewBet{Player: player, Wager: wager.Name, Amount: wager.Multiple(0) * (1 + r.Int64N(8))})
			return err
		}
	}
	var round *play.Round
	var failure error
	if r.IntN(8) == 0 {
		failure = errBeforeCommit
	}
	err := r.doThenFail(key, func(turn *play.Turn) error {
		err := command(turn)
		round = turn.Round()
		return err
	}, failure)
	if _, refused := errors.AsType[*errs.Error](err); refused || errors.Is(err, errBeforeCommit) {
		return
	}
	r.must(err)
	if round != nil {
		r.must(r.settle(round, play.Decision{Height: 3, BeaconHeight: 4, BeaconSignature: binary.BigEndian.AppendUint64(nil, r.Uint64())}))
	}
}

// commands returns commands that need everybody's bets.
func (r *replicas) commands(player uuid.UUID) []func(*play.Turn) error {
	return []func(*play.Turn) error{
		func(turn *play.Turn) error { return turn.Join(player) },
		func(turn *play.Turn) error { return turn.Leave(player) },
		func(turn *play.Turn) error { return turn.PassDice(turn.Game.Shooter) },
		func(turn *play.Turn) error { return turn.CloseBetting(turn.Game.Shooter) },
		func(turn *play.Turn) error {
			if len(turn.Bets) == 0 {
				return nil
			}
			bet := pick(r.Rand, turn.Bets)
			if amount := bet.Amount / 2; r.IntN(2) == 0 {
				return turn.UpdateBet(bet, play.BetChange{Amount: &amount})
			}
			return turn.RemoveBet(bet)
		},
	}
}
