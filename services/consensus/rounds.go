package consensus

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// server implements ConsensusService.
type server struct {
	consensusv1.UnimplementedConsensusServiceServer
	node    *chain.Node
	timeout time.Duration
	latency *latency

	stopOnce sync.Once
	stop     chan struct{}
}

func (s *server) drain() { s.stopOnce.Do(func() { close(s.stop) }) }

// DecideRound implements the contract.
func (s *server) DecideRound(ctx context.Context, req *consensusv1.DecideRoundRequest) (*consensusv1.DecideRoundResponse, error) {
	commitment, err := protocol.DecodeCommitment(req.GetCommitment())
	if err != nil {
		return nil, errs.New(errorsv1.Reason_REASON_COMMITMENT_MALFORMED, "%w", err).Field("commitment", "see docs/protocol.md")
	}
	decision, err := s.decide(ctx, commitment)
	if err != nil {
		return nil, err
	}
	participants, _ := s.node.Signers(decision.Height) // Only traces use it, so a failure does not fail the roll.
	return &consensusv1.DecideRoundResponse{Decision: decisionToProto(decision), Participants: int32(participants)}, nil
}

// decide submits the commitment, unless its round is decided, and waits for its beacon.
func (s *server) decide(ctx context.Context, commitment protocol.Commitment) (chain.Decision, error) {
	round := order.RoundOf(commitment)
	watch := s.node.Watch(round) // Before Decision is called, so that a decision in between is not missed.
	defer watch.Close()
	decision, known, err := s.node.Decision(round)
	if err != nil {
		return chain.Decision{}, err
	}
	if !known {
		s.latency.begin(round, time.Now())
		if decision, err = s.awaitDecision(ctx, watch, commitment); err != nil {
			return chain.Decision{}, err
		}
	}
	s.latency.end(round, time.Now())
	if decision.Commitment != commitment {
		return chain.Decision{}, errs.New(errorsv1.Reason_REASON_ROUND_CONFLICT,
			"another commitment was decided for round %d of this game at height %d", round.Number, decision.Height)
	}
	return decision, nil
}

// resubmitAfter is after how long a commitment that is not decided yet is sent to all validators again.
const resubmitAfter = 500 * time.Millisecond

// awaitDecision submits a commitment until it is decided or times out. It traces a span, so a call for a round that is already decided
// adds none, and neither does a block that is executed again.
func (s *server) awaitDecision(ctx context.Context, watch *events.Subscription[chain.Decision], commitment protocol.Commitment) (decision chain.Decision, err error) {
	ctx, span := telemetry.Child(ctx, "decide round", trace.WithAttributes(
		attribute.String("game.id", uuid.UUID(commitment.Game).String()), attribute.Int64("game.round", int64(commitment.Round))))
	defer func() {
		if err == nil {
			span.SetAttributes(attribute.Int64("consensus.height", decision.Height), attribute.Int64("consensus.beacon_height", decision.BeaconHeight))
		}
		telemetry.End(span, err)
	}()
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.awaitPrevious(ctx, commitment); err != nil {
		return chain.Decision{}, err
	}
	again := time.NewTicker(resubmitAfter)
	defer again.Stop()
	for {
		if err := s.submit(commitment); err != nil {
			return chain.Decision{}, err
		}
		select {
		case decision := <-watch.C:
			return decision, nil
		case <-again.C:
		case <-ctx.Done():
			return chain.Decision{}, errs.New(errorsv1.Reason_REASON_NO_QUORUM,
				"the validators did not decide the round in time; it stands and can be requested again").RetryAfter(retryDelay)
		case <-s.stop:
			return chain.Decision{}, errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the validator is stopping; ask another one").RetryAfter(retryDelay)
		}
	}
}

// awaitPrevious waits until the chain may order a round as far as the previous one is concerned, which the game settled before it closed
// this one. If a validator that takes part in consensus still does not know that round, its chain has lost it, and could never order this one.
func (s *server) awaitPrevious(ctx context.Context, commitment protocol.Commitment) error {
	round := order.RoundOf(commitment)
	watch := s.node.Watch(round.Previous())
	defer watch.Close()
	ok, err := s.awaitKnown(ctx, watch, func() (bool, error) { return s.node.Continues(round) })
	if err != nil || ok {
		return err
	}
	if err := s.submit(commitment); err != nil { // It may be catching up.
		return err
	}
	return errs.New(errorsv1.Reason_REASON_DECISION_NOT_FOUND,
		"the chain knows this game but not its round %d, which must come before round %d", round.Previous().Number, round.Number)
}

func (s *server) submit(commitment protocol.Commitment) error {
	if err := s.node.MissingBeacon(); err != nil {
		return missingBeaconError(err)
	}
	err := s.node.Submit(commitment.Encode())
	return cmp.Or(chainError(err, "the round"), err)
}

// GetDecision implements the contract.
func (s *server) GetDecision(ctx context.Context, req *consensusv1.GetDecisionRequest) (*consensusv1.GetDecisionResponse, error) {
	decision, err := s.decision(ctx, req.GetGameId(), req.GetRound())
	if err != nil {
		return nil, err
	}
	return &consensusv1.GetDecisionResponse{Decision: decisionToProto(decision)}, nil
}

// decision returns the decision on the round of a request.
func (s *server) decision(ctx context.Context, gameID string, number int64) (decision chain.Decision, err error) {
	game, err := uuid.Parse(gameID)
	if err != nil {
		return chain.Decision{}, errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "game_id: %w", err).Field("game_id", "must be a UUID")
	}
	round := order.Round{Game: protocol.ID(game), Number: uint64(number)}
	watch := s.node.Watch(round)
	defer watch.Close()
	ok, err := s.awaitKnown(ctx, watch, func() (known bool, err error) {
		decision, known, err = s.node.Decision(round)
		return known, err
	})
	if err == nil && !ok {
		err = errs.New(errorsv1.Reason_REASON_DECISION_NOT_FOUND, "round %d of game %s is not decided", number, game)
	}
	return decision, err
}

// StreamDecisions implements the contract.
func (s *server) StreamDecisions(req *consensusv1.StreamDecisionsRequest, stream grpc.ServerStreamingServer[consensusv1.StreamDecisionsResponse]) error {
	watch := s.node.WatchAll() // Before past decisions are read, so that none is missed in between.
	defer watch.Close()
	sent, to := sentUpTo{}, req.GetToHeight()
	complete := to > 0 && s.node.Collected() > to // The block after it throws its dice.
	send := func(d chain.Decision) error {
		if !sent.mark(d) || to > 0 && d.Height > to {
			return nil
		}
		return stream.Send(&consensusv1.StreamDecisionsResponse{Decision: decisionToProto(d)})
	}
	if from := req.GetFromHeight(); from > 0 {
		err := s.node.DecisionsFrom(stream.Context(), from, send)
		if errors.Is(err, chain.ErrNoBeacon) {
			return missingBeaconError(err)
		}
		if err != nil {
			return err
		}
	}
	for !complete {
		select {
		case decision, ok := <-watch.C:
			if !ok {
				return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "too slow; resume from height %d", max(sent.height, 1)).RetryAfter(retryDelay)
			}
			if err := send(decision); err != nil {
				return err
			}
			complete = to > 0 && decision.Height > to
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-s.stop:
			return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the validator is stopping; ask another one").RetryAfter(retryDelay)
		}
	}
	return nil
}

// sentUpTo remembers which decisions of the latest height a stream has sent, so that none is sent twice.
type sentUpTo struct {
	height int64
	rounds map[order.Round]bool
}

// mark marks a decision as sent. It reports false if it was sent before.
func (s *sentUpTo) mark(d chain.Decision) bool {
	round := order.RoundOf(d.Commitment)
	if d.Height < s.height || d.Height == s.height && s.rounds[round] {
		return false
	}
	if d.Height > s.height {
		s.height, s.rounds = d.Height, make(map[order.Round]bool)
	}
	s.rounds[round] = true
	return true
}

func decisionToProto(d chain.Decision) *consensusv1.Decision {
	return &consensusv1.Decision{Commitment: d.Commitment.Encode(), Height: d.Height, Beacon: beaconToProto(d.BeaconHeight, d.Signature)}
}

func beaconToProto(height int64, signature []byte) *consensusv1.Beacon {
	randomness := beacon.Randomness(signature)
	return &consensusv1.Beacon{Height: height, Signature: hex.EncodeToString(signature), Randomness: hex.EncodeToString(randomness[:])}
}
