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

// decideAttempts is how many validators are asked for a round's dice, each with an equal share of the roll's timeout. A validator
// that hangs returns no error before its share ends; asking the next one is safe, since all of them decide the same.
const decideAttempts = 3

// decide has the validators decide a committed round.
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
		if !isUnavailable(err) && !isForgotten(err) || ctx.Err() != nil {
			break
		}
	}
	if isForgotten(err) {
		return play.Decision{}, forgotten(round, err)
	}
	return play.Decision{}, noQuorum(err)
}

// isForgotten reports whether a validator does not know the round before the one that it should decide.
func isForgotten(err error) bool {
	return errs.Reason(err) == errorsv1.Reason_REASON_DECISION_NOT_FOUND
}

// forgotten is the error of a round that no retry will decide, since the validators have lost the round before it: their data was
// restored from an older copy than the ledger. It is not one of isUnavailable, as games that are not affected continue.
func forgotten(round *play.Round, err error) error {
	return errs.New(errorsv1.Reason_REASON_INTERNAL,
		"the dice of round %d can't be thrown, since the validators have lost the rounds before it; the bets stand until the operator has repaired that", round.Number).
		WithCause(fmt.Errorf("the chain is older than the ledger; see \"Restoring data\" in docs/operations.md: %w", err))
}

// isUnavailable reports whether an error means that a validator or the database does not answer, or that a quorum is missing.
func isUnavailable(err error) bool {
	switch errs.Reason(errs.Mask(err)) {
	case errorsv1.Reason_REASON_UNAVAILABLE, errorsv1.Reason_REASON_NO_QUORUM, errorsv1.Reason_REASON_DEADLINE_EXCEEDED:
		return true
	}
	return false
}

// noQuorum returns what the caller of a roll sees when the validators do not answer: the round stays committed, and the roll can be
// retried.
func noQuorum(err error) error {
	if !isUnavailable(err) {
		return err
	}
	return errs.New(errorsv1.Reason_REASON_NO_QUORUM,
		"too few validators answer to roll the dice; the bets stand, and the roll can be retried").RetryAfter(retryDelay)
}

// readDecision decodes the validators' decision and checks that it is for the round that was asked for.
func readDecision(decision *consensusv1.Decision, round *play.Round) (play.Decision, error) {
	if !slices.Equal(decision.GetCommitment(), round.Commitment.Encode()) {
		return play.Decision{}, fmt.Errorf("the validators decided a commitment that is not that of round %d", round.Number)
	}
	signature, err := hex.DecodeString(decision.GetBeacon().GetSignature())
	if err != nil || len(signature) != beacon.SignatureSize || decision.GetBeacon().GetHeight() <= decision.GetHeight() {
		return play.Decision{}, fmt.Errorf("the validators sent a malformed decision: beacon %q of height %d for block %d",
			decision.GetBeacon().GetSignature(), decision.GetBeacon().GetHeight(), decision.GetHeight())
	}
	return play.Decision{Height: decision.GetHeight(), BeaconHeight: decision.GetBeacon().GetHeight(), BeaconSignature: signature}, nil
}
