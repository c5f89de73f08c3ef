package game

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// GetReceipt implements the contract.
func (s *gameServer) GetReceipt(ctx context.Context, req *gamev1.GetReceiptRequest) (*gamev1.GetReceiptResponse, error) {
	round, err := s.round(ctx, req)
	if err != nil {
		return nil, err
	}
	player := identity.FromContext(ctx).Player
	if round.Status != play.Settled {
		return nil, errs.New(errorsv1.Reason_REASON_ROUND_NOT_SETTLED, "round %d is not settled yet", round.Number).RetryAfter(retryDelay)
	}
	if !slices.ContainsFunc(round.Bets, func(b protocol.Bet) bool { return b.Player == protocol.ID(player) }) {
		return nil, errs.New(errorsv1.Reason_REASON_RECEIPT_NOT_FOUND, "you had no bet in round %d, or it is from before receipts were kept", round.Number)
	}
	result, err := s.store.Result(ctx, round.Game, round.Number, player)
	if err != nil {
		return nil, err
	}
	proof, err := s.prove(ctx, round.Game, round.Number)
	if err != nil {
		return nil, err
	}
	return &gamev1.GetReceiptResponse{Receipt: receipt.Build(receipt.Facts{
		ChainID: proof.GetChainId(), GroupKey: proof.GetGroupKey(), Player: protocol.ID(player),
		Commitment: round.Commitment, State: round.State, Bets: round.Bets, Block: proof.GetBlock(), Lineage: proof.GetLineage(),
		BeaconHeight: round.Decision.BeaconHeight, BeaconSignature: round.Decision.BeaconSignature, BalanceAfter: result.Balance,
	})}, nil
}

// prove asks a validator for the block that decided a round.
func (s *Service) prove(ctx context.Context, game uuid.UUID, round uint64) (*consensusv1.ProveRoundResponse, error) {
	proof, err := s.consensus.ProveRound(ctx, &consensusv1.ProveRoundRequest{GameId: game.String(), Round: int64(round)})
	if isUnavailable(err) {
		return nil, errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "no validator returned the block that decided the round; try again").RetryAfter(retryDelay)
	}
	return proof, err
}
