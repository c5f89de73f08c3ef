package game

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/errs"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// decideAttempts is how many validators are asked for a round's dice, each for its share of the roll's time. One that
// hangs does not answer that it does; asking the next does no harm, since all decide the same.
const decideAttempts = 3

func (s *Service) decide(ctx context.Context, round *play.Round) (play.Decision, error) {
	var err error
	started := s.clock.Now()
	for range decideAttempts {
		attempt, cancel := context.WithTimeout(ctx, s.cfg.Tables.RollTimeout/decideAttempts)
		var decided *consensusv1.DecideRoundResponse
		decided, err = s.consensus.DecideRound(attempt, &consensusv1.DecideRoundRequest{Commitment: round.Commitment.Encode()})
		cancel()
		if err == nil {
			trace.SpanFromContext(ctx).SetAttributes(attribute.Int64("consensus.duration_ms", s.clock.Since(started).Milliseconds()),
				attribute.Int64("consensus.participants", int64(decided.GetParticipants())))
			return readDecision(decided.GetDecision(), round)
		}
		if !isAway(err) || ctx.Err() != nil {
			break
		}
	}
	return play.Decision{}, undecided(err)
}

// isAway reports whether an error is that of a validator that does not answer, or not alone.
func isAway(err error) bool {
	switch errs.Reason(errs.Mask(err)) {
	case errorsv1.Reason_REASON_UNAVAILABLE, errorsv1.Reason_REASON_NO_QUORUM, errorsv1.Reason_REASON_DEADLINE_EXCEEDED:
		return true
	}
	return false
}

// undecided is what the caller of a roll sees when the validators do not answer: the round stands and can be asked for
// again.
func undecided(err error) error {
	if !isAway(err) {
		return err
	}
	return errs.New(errorsv1.Reason_REASON_NO_QUORUM,
		"too few validators answer to throw the dice; the bets stand, and the roll can be asked for again").RetryAfter(retryDelay)
}

// readDecision checks that the validators answered for the round that was asked for.
func readDecision(decision *consensusv1.Decision, round *play.Round) (play.Decision, error) {
	if !slices.Equal(decision.GetCommitment(), round.Commitment.Encode()) {
		return play.Decision{}, fmt.Errorf("the validators answered for another commitment than that of round %d", round.Number)
	}
	signature, err := hex.DecodeString(decision.GetBeacon().GetSignature())
	if err != nil || len(signature) != beacon.SignatureSize || decision.GetBeacon().GetHeight() <= decision.GetHeight() {
		return play.Decision{}, fmt.Errorf("the validators sent a malformed decision: beacon %q of height %d for block %d",
			decision.GetBeacon().GetSignature(), decision.GetBeacon().GetHeight(), decision.GetHeight())
	}
	return play.Decision{Height: decision.GetHeight(), BeaconHeight: decision.GetBeacon().GetHeight(), BeaconSignature: signature}, nil
}
