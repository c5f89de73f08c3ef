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

// lobbyServer implements LobbyService: quick seats, join codes, chat, statistics and leaderboards.
type lobbyServer struct {
	gamev1.UnimplementedLobbyServiceServer
	*Service
}

const (
	// scanBatch is how many tables are read at once to find those that match.
	scanBatch = 100
	// maxScan is how many tables are read for one page.
	maxScan = 1000
	// seatAttempts is how many tables a quick seat tries when others take the seats first.
	seatAttempts = 8
)

// findGames returns up to limit open games after an id that match the filter. last is the id of the last game that was read, matching or
// not, and more reports whether games may follow it, so that even a page with few matches leads to the next one.
func (s *Service) findGames(ctx context.Context, filter lobby.Filter, after uuid.UUID, limit int) (matching []*play.Game, last uuid.UUID, more bool, err error) {
	list := s.store.OpenGames
	if filter.OpenSeats > 0 {
		list = s.store.OpenGamesWithSeats
	}
	last = after
	for seen := 0; seen < maxScan; seen += scanBatch {
		games, err := list(ctx, last, scanBatch)
		if err != nil {
			return nil, uuid.Nil, false, err
		}
		for i, game := range games {
			last = game.ID
			if filter.Matches(game) {
				matching = append(matching, game)
			}
			if len(matching) == limit {
				return matching, last, i+1 < len(games) || len(games) == scanBatch, nil
			}
		}
		if len(games) < scanBatch {
			return matching, last, false, nil
		}
	}
	return matching, last, true, nil
}

// ListGames implements the contract.
func (s *gameServer) ListGames(ctx context.Context, req *gamev1.ListGamesRequest) (*gamev1.ListGamesResponse, error) {
	filter := lobby.Filter{OpenSeats: int(req.GetOpenSeats()), MinBet: req.GetMinBet(), MaxBet: req.GetMaxBet(), Phase: req.GetPhase()}
	scope := []string{"games"}
	if filter != (lobby.Filter{}) { // Tokens from before filters existed stay valid.
		scope = append(scope, fmt.Sprint(filter))
	}
	p, err := page.New(req.GetPageSize(), req.GetPageToken(), scope...)
	if err != nil {
		return nil, err
	}
	after, err := p.ID()
	if err != nil {
		return nil, err
	}
	games, last, more, err := s.findGames(ctx, filter, after, p.Size)
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
	// If no seat is free, one player at a time opens a table, and those who waited meanwhile find it.
	select {
	case s.quickSeatLock <- struct{}{}:
		defer func() { <-s.quickSeatLock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if game, err = s.seatAnywhere(ctx, player, filter); game == nil && err == nil {
		game, err = s.openTable(ctx, player, limitsFor(filter.Stake))
	}
	return &gamev1.QuickSeatResponse{Game: game}, err
}

// limitsFor returns the limits of a new table that accepts a stake.
func limitsFor(stake int64) play.Limits {
	return play.Limits{MaxPlayers: defaultMaxPlayers, MinBet: defaultMinBet, MaxBet: max(defaultMaxBet, stake)}
}

// seatAnywhere seats a player at the best matching table, or the next best if others take the seats first. It returns nil if there
// is none.
func (s *Service) seatAnywhere(ctx context.Context, player uuid.UUID, filter lobby.Filter) (*gamev1.Game, error) {
	games, _, _, err := s.findGames(ctx, filter, uuid.Nil, scanBatch)
	if err != nil {
		return nil, err
	}
	lobby.SortForPlayer(games, player)
	for _, game := range games[:min(seatAttempts, len(games))] {
		seated, err := s.updateSeats(ctx, game.ID.String(), play.Key{Player: player, All: true}, (*play.Turn).Join)
		switch errs.Reason(err) {
		case errorsv1.Reason_REASON_GAME_FULL, errorsv1.Reason_REASON_GAME_CLOSED:
			continue
		}
		return seated, err
	}
	return nil, nil //nolint:nilnil // No match, which is not an error.
}

// openTable creates a public table with the player seated.
func (s *Service) openTable(ctx context.Context, player uuid.UUID, limits play.Limits) (*gamev1.Game, error) {
	var game *gamev1.Game
	err := s.committer.do(&command{ctx: ctx, actor: player, key: play.Key{Player: player},
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
