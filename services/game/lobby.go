package game

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/page"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/lobby"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// lobbyServer implements the contract of how players come together.
type lobbyServer struct {
	gamev1.UnimplementedLobbyServiceServer
	*Service
}

const (
	// scanBatch is how many tables are read at once to find those that fit.
	scanBatch = 100
	// maxScan is how many are looked at for one page.
	maxScan = 1000
	// seatAttempts is how often a player who was too late for a seat looks for another one.
	seatAttempts = 8
)

// find returns tables that fit behind an id, and one more than a page where there are more: the last one that was looked at
// where none of those is, so that a page that found few leads to the next.
func (s *Service) find(ctx context.Context, filter lobby.Filter, behind uuid.UUID, limit int) (fit []*play.Game, last uuid.UUID, more bool, err error) {
	list := s.store.OpenGames
	if filter.OpenSeats > 0 {
		list = s.store.OpenGamesWithSeats
	}
	last = behind
	for seen := 0; seen < maxScan; seen += scanBatch {
		games, err := list(ctx, last, scanBatch)
		if err != nil {
			return nil, uuid.Nil, false, err
		}
		for i, game := range games {
			last = game.ID
			if filter.Fits(game) {
				fit = append(fit, game)
			}
			if len(fit) == limit {
				return fit, last, i+1 < len(games) || len(games) == scanBatch, nil
			}
		}
		if len(games) < scanBatch {
			return fit, last, false, nil
		}
	}
	return fit, last, true, nil
}

// ListGames implements the contract.
func (s *gameServer) ListGames(ctx context.Context, req *gamev1.ListGamesRequest) (*gamev1.ListGamesResponse, error) {
	filter := lobby.Filter{OpenSeats: int(req.GetOpenSeats()), MinBet: req.GetMinBet(), MaxBet: req.GetMaxBet(), Phase: req.GetPhase()}
	scope := []string{"games"}
	if filter != (lobby.Filter{}) { // A token from before there were filters still leads on.
		scope = append(scope, fmt.Sprint(filter))
	}
	p, err := page.New(req.GetPageSize(), req.GetPageToken(), scope...)
	if err != nil {
		return nil, err
	}
	behind, err := p.ID()
	if err != nil {
		return nil, err
	}
	games, last, more, err := s.find(ctx, filter, behind, p.Size)
	if err != nil {
		return nil, err
	}
	resp := &gamev1.ListGamesResponse{}
	if more {
		resp.NextPageToken = p.Token(last.String())
	}
	for _, game := range games {
		resp.Games = append(resp.Games, gameToProto(game))
	}
	return resp, nil
}

// QuickSeat implements the contract.
func (s *lobbyServer) QuickSeat(ctx context.Context, req *gamev1.QuickSeatRequest) (*gamev1.QuickSeatResponse, error) {
	player := identity.FromContext(ctx).Player
	filter := lobby.Filter{OpenSeats: 1, Stake: req.GetStake()}
	game, err := s.seatAnywhere(ctx, player, filter)
	if game != nil || err != nil {
		return &gamev1.QuickSeatResponse{Game: game}, err
	}
	// Where nothing is free one player at a time opens a table, and those who waited meanwhile find it.
	select {
	case s.seating <- struct{}{}:
		defer func() { <-s.seating }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if game, err = s.seatAnywhere(ctx, player, filter); game == nil && err == nil {
		game, err = s.open(ctx, player, limitsFor(filter.Stake))
	}
	return &gamev1.QuickSeatResponse{Game: game}, err
}

// limitsFor are those of a new table that takes a stake.
func limitsFor(stake int64) play.Limits {
	return play.Limits{MaxPlayers: defaultMaxPlayers, MinBet: defaultMinBet, MaxBet: max(defaultMaxBet, stake)}
}

// seatAnywhere seats a player at the best table that fits; nil where none does. Others may be quicker: then the next one.
func (s *Service) seatAnywhere(ctx context.Context, player uuid.UUID, filter lobby.Filter) (*gamev1.Game, error) {
	games, _, _, err := s.find(ctx, filter, uuid.Nil, scanBatch)
	if err != nil {
		return nil, err
	}
	lobby.Best(games, player)
	for _, game := range games[:min(seatAttempts, len(games))] {
		seated, err := s.seat(ctx, game.ID.String(), play.Key{Player: player}, (*play.Turn).Join)
		switch errs.Reason(err) {
		case errorsv1.Reason_REASON_GAME_FULL, errorsv1.Reason_REASON_GAME_CLOSED:
			continue
		}
		return seated, err
	}
	return nil, nil //nolint:nilnil // Nothing fits, which is no error.
}

// open opens a table.
func (s *Service) open(ctx context.Context, player uuid.UUID, limits play.Limits) (*gamev1.Game, error) {
	var game *gamev1.Game
	err := s.commits.do(&command{ctx: ctx, from: player, key: play.Key{Player: player},
		run: func(_ context.Context, _ play.Tx, turn *play.Turn) (*play.Turn, error) {
			if err := play.Create(turn, player, limits); err != nil {
				return nil, err
			}
			game = gameToProto(turn.Game)
			return turn, nil
		}})
	if err != nil {
		return nil, err
	}
	return game, nil
}
