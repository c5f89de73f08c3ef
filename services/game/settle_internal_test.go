package game

import (
	"bytes"
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store"
)

// counted is a store that counts transactions.
type counted struct {
	store.Store

	updates int
}

func (s *counted) Update(ctx context.Context, do func(play.Tx) error) error {
	s.updates++
	return s.Store.Update(ctx, do)
}

// byHand is a service whose groups the test puts together.
type byHand struct {
	*Service
	t *testing.T
}

func newByHand(t *testing.T) (byHand, *counted) {
	t.Helper()
	cfg := Default()
	cfg.Database.URL = "sqlite://" + filepath.Join(t.TempDir(), "game.db")
	if err := Migrate(t.Context(), cfg.Database); err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), cfg, Deps{Clock: clockwork.NewFakeClock()}, telemetry.Discard().For("game", 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
	transactions := &counted{Store: s.store}
	s.store = transactions
	if err := s.store.Update(t.Context(), func(tx play.Tx) error {
		return tx.Transfer(t.Context(), ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: 1_000_000, Reason: ledger.Bankroll, At: s.now()})
	}); err != nil {
		t.Fatal(err)
	}
	return byHand{s, t}, transactions
}

// together makes calls whose changes are one group.
func (s byHand) together(calls ...func() error) {
	s.t.Helper()
	var running sync.WaitGroup
	for _, call := range calls {
		running.Go(func() {
			if err := call(); err != nil {
				s.t.Error(err)
			}
		})
	}
	for s.commits.queue.Len() < len(calls) {
		runtime.Gosched()
	}
	s.commits.commit(s.commits.queue.Take(s.t.Context(), maxGroup))
	running.Wait()
}

// TestARoundThatManyWaitForIsSettledOnce has two calls that waited for the same dice, and a player elsewhere, be one group: the
// second settlement finds the first, and the group stays whole.
func TestARoundThatManyWaitForIsSettledOnce(t *testing.T) {
	s, transactions := newByHand(t)
	player := uuid.Must(uuid.NewV7())
	ctx, games := identity.WithPlayer(t.Context(), player), &gameServer{Service: s.Service}
	var id string
	s.together(func() error {
		resp, err := games.CreateGame(ctx, &gamev1.CreateGameRequest{})
		id = resp.GetGame().GetGameId()
		return err
	})
	s.together(func() error {
		_, err := games.PlaceBet(ctx, &gamev1.PlaceBetRequest{GameId: id, BetType: "pass_line", Amount: 5})
		return err
	})
	game := uuid.MustParse(id)
	s.together(func() error {
		return s.commits.do(&command{ctx: ctx, from: player, key: play.Key{Game: game, All: true}, run: func(_ context.Context, _ play.Tx, turn *play.Turn) (*play.Turn, error) {
			return turn, turn.Close(player)
		}})
	})
	decision := play.Decision{Height: 1, BeaconHeight: 2, BeaconSignature: bytes.Repeat([]byte{1}, beacon.SignatureSize)}
	rounds := make([]*play.Round, 2)
	settle := func(i int) func() error {
		return func() (err error) {
			rounds[i], err = s.settle(ctx, game, 1, decision)
			return err
		}
	}
	before := transactions.updates
	s.together(settle(0), settle(1), func() error {
		_, err := s.balance(identity.WithPlayer(t.Context(), uuid.Must(uuid.NewV7())), uuid.Must(uuid.NewV7()))
		return err
	})
	if n := transactions.updates - before; n != 1 {
		t.Errorf("%d transactions, want 1", n)
	}
	for _, round := range rounds {
		if round == nil || round.Status != play.Settled || round.Dice != rounds[0].Dice {
			t.Errorf("a caller got %+v", round)
		}
	}
	if n := s.metrics.fairness.window.Rolls(); n != 1 {
		t.Errorf("metrics have %d rolls, want 1", n)
	}
	if after, err := s.store.Game(t.Context(), game); err != nil || after.Round != 2 {
		t.Errorf("the game stands at %+v, %v", after, err)
	}
}
