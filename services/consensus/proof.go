package consensus

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/bitcraps/bitcraps/libs/errs"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// ProveRound implements the contract.
func (s *server) ProveRound(ctx context.Context, req *consensusv1.ProveRoundRequest) (*consensusv1.ProveRoundResponse, error) {
	decision, err := s.decision(ctx, req.GetGameId(), req.GetRound())
	if err != nil {
		return nil, err
	}
	block, lineage, err := s.prove(decision.Ordered)
	if errors.Is(err, chain.ErrNoBlock) { // The client asks the next validator, which may still have it.
		return nil, errs.New(errorsv1.Reason_REASON_UNAVAILABLE,
			"this validator does not have the proof of block %d, which decided the round; ask another one", decision.Height).RetryAfter(retryDelay)
	}
	if err != nil {
		return nil, err
	}
	facts := s.node.Facts()
	return &consensusv1.ProveRoundResponse{
		ChainId: facts.ChainID, GroupKey: facts.GroupKey, Block: block, Lineage: lineage,
		Beacon: &receiptv1.Beacon{Height: decision.BeaconHeight, Signature: hex.EncodeToString(decision.Signature)},
	}, nil
}

func (s *server) prove(ordered order.Ordered) (*receiptv1.BlockProof, *receiptv1.Lineage, error) {
	block, err := s.node.Prove(ordered)
	if err != nil {
		return nil, nil, err
	}
	lineage, err := s.node.Lineage(block)
	return block, lineage, err
}
