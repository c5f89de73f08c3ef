package game

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/identity"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// TestConcurrentSettlementsSettleOnce commits, in one group, two settlements of the same round and a command of another player: the
// second settlement finds the round settled, and the group is committed as a whole.
func TestConcurrentSettlementsSettleOnce(t *testing.T) {
	s, transactions := newManualService(t, defaultConfig)
	player := uuid.Must(uuid.NewV7())
	ctx, games := identity.WithPlayer(t.Context(), player), &gameServer{Service: s.Service}
	var id string
	s.commitTogether(func() error {
		resp, err := games.CreateGame(ctx, &gamev1.CreateGameRequest{})
		id = resp.GetGame().GetGameId()
		return err
	})
	s.commitTogether(func() error {
		_, err := games.PlaceBet(ctx, &gamev1.PlaceBetRequest{GameId: id, BetType: "pass_line", Amount: 5})
		return err
	})
	game := uuid.MustParse(id)
	s.commitTogether(func() error {
		return s.committer.do(&command{ctx: ctx, actor: player, key: play.Key{Game: game, All: true}, run: func(_ context.Context, _ play.Tx, turn *play.Turn) (*play.Turn, error) {
			return turn, turn.CloseBetting(player)
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
	s.commitTogether(settle(0), settle(1), func() error {
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
		t.Errorf("the game is %+v, %v", after, err)
	}
}

// TestRoundIsNotPaidByAnotherPayTable has a release find a round to which one with another pay table committed.
func TestRoundIsNotPaidByAnotherPayTable(t *testing.T) {
	s, _ := newManualService(t, defaultConfig)
	s.consensus = fakeValidators{}
	game := s.newClosedRound(time.Minute, func(round *play.Round) { round.Commitment.PayTableHash[0] ^= 1 })
	s.committer.start()
	defer s.committer.stop()
	if _, err := s.finishRound(t.Context(), game, 1); err == nil || !strings.Contains(err.Error(), "pay table") {
		t.Errorf("err = %v", err)
	}
	if round, err := s.store.Round(t.Context(), game, 1); err != nil || round.Status != play.Committed {
		t.Errorf("the round is %+v, %v", round, err)
	}
}
