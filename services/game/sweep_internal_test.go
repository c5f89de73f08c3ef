package game

import (
	"context"
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

// conflictingValidators report a conflicting decision for every game but one.
type conflictingValidators struct {
	fakeValidators
	except uuid.UUID
}

func (c conflictingValidators) DecideRound(ctx context.Context, req *consensusv1.DecideRoundRequest, opts ...grpc.CallOption) (*consensusv1.DecideRoundResponse, error) {
	commitment, err := protocol.DecodeCommitment(req.GetCommitment())
	if err != nil {
		return nil, err
	}
	if uuid.UUID(commitment.Game) != c.except {
		return nil, errs.New(errorsv1.Reason_REASON_ROUND_CONFLICT, "decided otherwise").GRPCStatus().Err()
	}
	return c.fakeValidators.DecideRound(ctx, req, opts...)
}

// newClosedRound returns a new table whose betting was closed that long ago.
func (s manualService) newClosedRound(ago time.Duration) (game uuid.UUID) {
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
		return tx.Save(s.t.Context(), turn)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return game
}

// TestUnfinishableRoundsDoNotBlockOthers has a full batch of rounds that can't be finished and are older than one that can.
func TestUnfinishableRoundsDoNotBlockOthers(t *testing.T) {
	s, _ := newManualService(t, defaultConfig)
	for i := range sweepBatch + 1 {
		s.newClosedRound(time.Hour - time.Duration(i)*time.Second)
	}
	good := s.newClosedRound(time.Second)
	s.consensus = conflictingValidators{except: good}
	s.committer.start()
	defer s.committer.stop()
	if err := newSweeper(s.Service).finishRounds(t.Context(), s.now()); errs.Reason(err) != errorsv1.Reason_REASON_ROUND_CONFLICT {
		t.Errorf("the others: %v", err)
	}
	if round, err := s.store.Round(t.Context(), good, 1); err != nil || round.Status != play.Settled {
		t.Errorf("the good one is %+v, %v", round, err)
	}
}

// TestItemErrorDoesNotHideOutage has one item fail with an error of its own before the validators turn out to be unavailable.
func TestItemErrorDoesNotHideOutage(t *testing.T) {
	items := make([]int, sweepConcurrency+1)
	for i := range items {
		items[i] = i
	}
	begun := make(chan struct{})
	err := forEach(t.Context(), items, func(_ context.Context, item int) error {
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
