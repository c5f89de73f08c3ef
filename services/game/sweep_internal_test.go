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

// conflicting are validators who have decided something else for every game but one.
type conflicting struct {
	dice
	but uuid.UUID
}

func (c conflicting) DecideRound(ctx context.Context, req *consensusv1.DecideRoundRequest, opts ...grpc.CallOption) (*consensusv1.DecideRoundResponse, error) {
	commitment, err := protocol.DecodeCommitment(req.GetCommitment())
	if err != nil {
		return nil, err
	}
	if uuid.UUID(commitment.Game) != c.but {
		return nil, errs.New(errorsv1.Reason_REASON_ROUND_CONFLICT, "decided otherwise").GRPCStatus().Err()
	}
	return c.dice.DecideRound(ctx, req, opts...)
}

// closed is a new table whose bets were closed so long ago.
func (s byHand) closed(ago time.Duration) (game uuid.UUID) {
	s.t.Helper()
	player := uuid.Must(uuid.NewV7())
	err := s.store.Update(s.t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(s.t.Context(), play.Key{Player: player})
		if err != nil {
			return err
		}
		turn := s.ready(turns[0])
		turn.Now = turn.Now.Add(-ago)
		if err := play.Create(turn, player, play.Limits{MaxPlayers: 8, MinBet: 1, MaxBet: 100}); err != nil {
			return err
		}
		game = turn.Game.ID
		if err := turn.Close(uuid.Nil); err != nil {
			return err
		}
		return tx.Save(s.t.Context(), turn)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return game
}

// TestRoundsThatCantBeFinishedKeepNoneWaiting has a batch of them that are older than one which can be.
func TestRoundsThatCantBeFinishedKeepNoneWaiting(t *testing.T) {
	s, _ := newByHand(t, usual)
	for i := range sweepBatch + 1 {
		s.closed(time.Hour - time.Duration(i)*time.Second)
	}
	good := s.closed(time.Second)
	s.consensus = conflicting{but: good}
	s.commits.start()
	defer s.commits.stop()
	if err := newSweeper(s.Service).finishRounds(t.Context(), s.now()); errs.Reason(err) != errorsv1.Reason_REASON_ROUND_CONFLICT {
		t.Errorf("the others: %v", err)
	}
	if round, err := s.store.Round(t.Context(), good, 1); err != nil || round.Status != play.Settled {
		t.Errorf("the good one is %+v, %v", round, err)
	}
}

// TestOneBrokenItemDoesNotHideThatAllWouldFail has one fail for itself before the validators turn out to be away.
func TestOneBrokenItemDoesNotHideThatAllWouldFail(t *testing.T) {
	items := make([]int, sweepers+1)
	for i := range items {
		items[i] = i
	}
	begun := make(chan struct{})
	err := each(t.Context(), items, func(_ context.Context, item int) error {
		switch item {
		case 0:
			return errs.New(errorsv1.Reason_REASON_ROUND_CONFLICT, "decided otherwise")
		case sweepers: // It begins when another one, which is the first, has ended.
			close(begun)
			return errs.New(errorsv1.Reason_REASON_NO_QUORUM, "away")
		}
		<-begun
		return nil
	})
	if !isAway(err) {
		t.Errorf("%v; the next batch would begin", err)
	}
}
