package game

import (
	"context"
	"strconv"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/page"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// ListRounds implements the contract.
func (s *gameServer) ListRounds(ctx context.Context, req *gamev1.ListRoundsRequest) (*gamev1.ListRoundsResponse, error) {
	game, err := s.game(ctx, req.GetGameId())
	if err != nil {
		return nil, err
	}
	p, err := page.New(req.GetPageSize(), req.GetPageToken(), "rounds", game.ID.String())
	if err != nil {
		return nil, err
	}
	below, err := p.Number()
	if err != nil {
		return nil, err
	}
	rounds, err := s.store.Rounds(ctx, game.ID, uint64(below), p.Size+1)
	if err != nil {
		return nil, err
	}
	resp := &gamev1.ListRoundsResponse{}
	rounds, resp.NextPageToken = page.Cut(p, rounds, func(r *play.Round) string { return strconv.FormatUint(r.Number, 10) })
	for _, round := range rounds {
		resp.Rounds = append(resp.Rounds, roundToProto(round))
	}
	return resp, nil
}

// GetRound implements the contract.
func (s *gameServer) GetRound(ctx context.Context, req *gamev1.GetRoundRequest) (*gamev1.GetRoundResponse, error) {
	round, err := s.round(ctx, req)
	if err != nil {
		return nil, err
	}
	return &gamev1.GetRoundResponse{Round: roundToProto(round)}, nil
}

// round finds the round that a request names.
func (s *Service) round(ctx context.Context, req interface {
	GetGameId() string
	GetRound() int64
}) (*play.Round, error) {
	game, err := s.game(ctx, req.GetGameId())
	if err != nil {
		return nil, err
	}
	round, err := s.store.Round(ctx, game.ID, uint64(req.GetRound()))
	return round, orNotFound(err, errs.New(errorsv1.Reason_REASON_ROUND_NOT_FOUND, "the game has no round %d; its rolls are numbered from 1", req.GetRound()))
}
