package consensus

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/protocol"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// GetChangeTerms implements the contract.
func (s *server) GetChangeTerms(context.Context, *consensusv1.GetChangeTermsRequest) (*consensusv1.GetChangeTermsResponse, error) {
	group := s.node.Group()
	return &consensusv1.GetChangeTermsResponse{Chain: hex.EncodeToString(group.Chain[:]), Sequence: int64(group.Sequence) + 1}, nil
}

// AddValidator implements the contract.
func (s *server) AddValidator(ctx context.Context, req *consensusv1.AddValidatorRequest) (*consensusv1.AddValidatorResponse, error) {
	m := order.Member{Name: req.GetName()}
	if err := errors.Join(m.PublicKey.UnmarshalText([]byte(req.GetPublicKey())), m.BeaconKey.UnmarshalText([]byte(req.GetBeaconKey())),
		m.NodeID.UnmarshalText([]byte(req.GetNodeId()))); err != nil {
		return nil, errs.New(errorsv1.Reason_REASON_CHANGE_REFUSED, "%w", err)
	}
	height, err := s.change(ctx, order.Change{Add: &m}, req.GetSequence(), req.GetSignature())
	if err != nil {
		return nil, err
	}
	return &consensusv1.AddValidatorResponse{Height: height}, nil
}

// RemoveValidator implements the contract.
func (s *server) RemoveValidator(ctx context.Context, req *consensusv1.RemoveValidatorRequest) (*consensusv1.RemoveValidatorResponse, error) {
	b, err := hex.DecodeString(req.GetAddress())
	if err != nil || len(b) != len(protocol.Address{}) {
		return nil, errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "address: want %d bytes in hex", len(protocol.Address{})).Field("address", "must be an address")
	}
	address := protocol.Address(b)
	height, err := s.change(ctx, order.Change{Remove: &address}, req.GetSequence(), req.GetSignature())
	if err != nil {
		return nil, err
	}
	return &consensusv1.RemoveValidatorResponse{Height: height}, nil
}

// RefreshShares implements the contract.
func (s *server) RefreshShares(ctx context.Context, req *consensusv1.RefreshSharesRequest) (*consensusv1.RefreshSharesResponse, error) {
	height, err := s.change(ctx, order.Change{}, req.GetSequence(), req.GetSignature())
	if err != nil {
		return nil, err
	}
	return &consensusv1.RefreshSharesResponse{Height: height}, nil
}

// change submits a signed change and waits until it is ordered.
func (s *server) change(ctx context.Context, c order.Change, sequence int64, signature string) (int64, error) {
	b, err := hex.DecodeString(signature)
	if err != nil {
		return 0, errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "signature: %w", err).Field("signature", "must be hex")
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	height, err := s.node.Change(ctx, c.Tx(s.node.Group().Chain, uint64(sequence), b))
	switch {
	case err == nil:
		return height, nil
	case errors.Is(err, order.ErrUnsigned), errors.Is(err, order.ErrOutOfSequence):
		return 0, errs.New(errorsv1.Reason_REASON_CHANGE_NOT_SIGNED, "%w; sign it for the terms that GetChangeTerms returns now", err)
	case errors.Is(err, context.DeadlineExceeded):
		return 0, errs.New(errorsv1.Reason_REASON_NO_QUORUM, "the validators did not order the change in time; it can be requested again").RetryAfter(retryDelay)
	case errors.Is(err, context.Canceled):
		return 0, err
	}
	return 0, cmp.Or[error](chainError(err, "the change"), errs.New(errorsv1.Reason_REASON_CHANGE_REFUSED, "%w", err))
}
