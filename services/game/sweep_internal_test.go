package game

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/protocol"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// refusingValidators refuse to decide any game's rounds but those of one.
type refusingValidators struct {
	fakeValidators
	except uuid.UUID
	reason errorsv1.Reason
	asked  func(game uuid.UUID)
}

func (v refusingValidators) DecideRound(ctx context.Context, req *consensusv1.DecideRoundRequest, opts ...grpc.CallOption) (*consensusv1.DecideRoundResponse, error) {
	commitment, err := protocol.DecodeCommitment(req.GetCommitment())
	if err != nil {
		return nil, err
	}
	if v.asked != nil {
		v.asked(commitment.Game)
	}
	if commitment.Game != v.except {
		return nil, errs.New(v.reason, "not decided").GRPCStatus().Err()
	}
	return v.fakeValidators.DecideRound(ctx, req, opts...)
}

// newClosedRound returns a new table whose betting was closed that long ago. The round is edited before it is stored.
func (s manualService) newClosedRound(ago time.Duration, edits ...func(*play.Round)) (game uuid.UUID) {
	s.t.Helper()
	player := uuid.Must(uuid.NewV7())
	err := s.store.Update(s.t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(s.t.Context(), play.Key{Player: player})
		if err != nil {
			return err
		}
		turn := s.prepare(turns[0])
		turn.Now = turn.Now.Add(-ago)
		if err := play.Create(turn, player, play.Limits{MaxPlayers: 8, MinBet: 1, MaxBet: 100}); err != nil {
			return err
		}
		game = turn.Game.ID
		if err := turn.CloseBetting(uuid.Nil); err != nil {
			return err
		}
		for _, edit := range edits {
			edit(turn.Round())
		}
		return tx.Save(s.t.Context(), turn)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return game
}

// newStuckRounds returns a service with a full batch of rounds that can't be finished and are older than one that can, and the first and
// the last of them.
func newStuckRounds(t *testing.T) (s manualService, oldest, good uuid.UUID) {
	s, _ = newManualService(t, defaultConfig)
	oldest = s.newClosedRound(2 * time.Hour)
	for i := range sweepBatch {
		s.newClosedRound(time.Hour - time.Duration(i)*time.Second)
	}
	good = s.newClosedRound(time.Second)
	s.committer.start()
	t.Cleanup(s.committer.stop)
	return s, oldest, good
}

func (s manualService) wantSettled(game uuid.UUID) {
	s.t.Helper()
	if round, err := s.store.Round(s.t.Context(), game, 1); err != nil || round.Status != play.Settled {
		s.t.Errorf("the round of %s is %+v, %v", game, round, err)
	}
}

// TestUnfinishableRoundsDoNotBlockOthers has the validators refuse rounds, and never come to decide them.
func TestUnfinishableRoundsDoNotBlockOthers(t *testing.T) {
	for reason, want := range map[errorsv1.Reason]errorsv1.Reason{
		errorsv1.Reason_REASON_ROUND_CONFLICT:     errorsv1.Reason_REASON_ROUND_CONFLICT,
		errorsv1.Reason_REASON_NO_QUORUM:          errorsv1.Reason_REASON_NO_QUORUM,
		errorsv1.Reason_REASON_DECISION_NOT_FOUND: errorsv1.Reason_REASON_INTERNAL,
	} {
		t.Run(errs.Name(reason), func(t *testing.T) {
			s, _, good := newStuckRounds(t)
			s.consensus = refusingValidators{except: good, reason: reason}
			if err := newSweeper(s.Service).finishRounds(t.Context(), s.now()); errs.Reason(err) != want {
				t.Errorf("the others: %v", err)
			}
			s.wantSettled(good)
		})
	}
}

// TestRoundsAfterForgottenOnesSayWhy has validators that do not know the round before.
func TestRoundsAfterForgottenOnesSayWhy(t *testing.T) {
	s, _ := newManualService(t, defaultConfig)
	game := s.newClosedRound(time.Hour)
	s.consensus = refusingValidators{reason: errorsv1.Reason_REASON_DECISION_NOT_FOUND}
	_, err := s.finishRound(t.Context(), game, 1)
	refusal, ok := errors.AsType[*errs.Error](err)
	if !ok || !strings.Contains(refusal.Error(), "the validators have lost the rounds before it") ||
		!strings.Contains(refusal.HiddenCause().Error(), "the chain is older than the ledger") {
		t.Errorf("%v", err)
	}
}

// TestSweepGoesOnWhereTimeWasUp ends the time of a tick in the second batch of rounds.
func TestSweepGoesOnWhereTimeWasUp(t *testing.T) {
	s, oldest, good := newStuckRounds(t)
	var mu sync.Mutex
	asked := map[uuid.UUID]bool{}
	ctx, timeIsUp := context.WithCancel(t.Context())
	s.consensus = refusingValidators{except: good, reason: errorsv1.Reason_REASON_ROUND_CONFLICT, asked: func(game uuid.UUID) {
		mu.Lock()
		defer mu.Unlock()
		asked[game] = true
		if len(asked) > sweepBatch {
			timeIsUp()
		}
	}}
	sweeper := newSweeper(s.Service)
	for tick, wantOldest := range []bool{true, false, true} {
		clear(asked)
		if err := sweeper.finishRounds(ctx, s.now()); err == nil {
			t.Errorf("tick %d: no error", tick)
		}
		if asked[oldest] != wantOldest {
			t.Errorf("tick %d: the oldest round was asked for: %t", tick, asked[oldest])
		}
		ctx = t.Context()
	}
	s.wantSettled(good)
}

// TestItemErrorDoesNotHideOutage has one item fail with an error of its own before the validators turn out to be unavailable.
func TestItemErrorDoesNotHideOutage(t *testing.T) {
	items := make([]int, sweepConcurrency+1)
	for i := range items {
		items[i] = i
	}
	begun := make(chan struct{})
	err := forEach(t.Context(), items, isUnavailable, func(_ context.Context, item int) error {
		switch item {
		case 0:
			return errs.New(errorsv1.Reason_REASON_ROUND_CONFLICT, "decided otherwise")
		case sweepConcurrency: // Starts once another item, which can only be the first, has ended.
			close(begun)
			return errs.New(errorsv1.Reason_REASON_NO_QUORUM, "away")
		}
		<-begun
		return nil
	})
	if !isUnavailable(err) {
		t.Errorf("err = %v, which does not stop the next batch", err)
	}
}
