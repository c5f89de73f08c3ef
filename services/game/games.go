package game

import (
	"context"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// gameServer implements GameService: tables, bets, rounds and rolls.
type gameServer struct {
	gamev1.UnimplementedGameServiceServer
	*Service
}

// Limits of a table whose creator does not set them.
const (
	defaultMaxPlayers = 8
	defaultMinBet     = 1
	defaultMaxBet     = 1000
)

// CreateGame implements the contract.
func (s *gameServer) CreateGame(ctx context.Context, req *gamev1.CreateGameRequest) (*gamev1.CreateGameResponse, error) {
	limits := play.Limits{MaxPlayers: defaultMaxPlayers, MinBet: defaultMinBet, MaxBet: defaultMaxBet}
	if n := req.GetMaxPlayers(); n != 0 {
		limits.MaxPlayers = int(n)
	}
	if n := req.GetMinBet(); n != 0 {
		limits.MinBet = n
		limits.MaxBet = max(limits.MaxBet, n)
	}
	if n := req.GetMaxBet(); n != 0 {
		limits.MaxBet = n
	}
	code, hash, err := newJoinCode()
	if err != nil {
		return nil, err
	}
	resp, player, issuedCode := &gamev1.CreateGameResponse{}, identity.FromContext(ctx).Player, ""
	cmd := &command{ctx: ctx, actor: player, req: req, resp: resp, key: play.Key{Player: player}, run: func(_ context.Context, _ play.Tx, turn *play.Turn) (_ *play.Turn, err error) {
		if req.GetPrivate() {
			issuedCode, err = code, play.CreatePrivate(turn, player, limits, hash)
		} else {
			err = play.Create(turn, player, limits)
		}
		if err != nil {
			return nil, err
		}
		resp.Game = gameToProto(turn.Game)
		return turn, nil
	}}
	if err := s.committer.do(cmd); err != nil {
		return nil, err
	}
	if !cmd.repeated {
		resp.Game.JoinCode = issuedCode // Set after the commit, so that the answer stored under the request id does not contain it.
	}
	return resp, nil
}

// GetGame implements the contract.
func (s *gameServer) GetGame(ctx context.Context, req *gamev1.GetGameRequest) (*gamev1.GetGameResponse, error) {
	game, err := s.game(ctx, req.GetGameId())
	if err != nil {
		return nil, err
	}
	return &gamev1.GetGameResponse{Game: gameToProto(game)}, nil
}

// game finds a game by the text of its id, if the caller may see it.
func (s *Service) game(ctx context.Context, text string) (*play.Game, error) {
	id, err := parseID("game_id", text)
	if err != nil {
		return nil, err
	}
	game, err := s.store.Game(ctx, id)
	if err != nil {
		return nil, orNotFound(err, gameNotFound(id))
	}
	return s.checkVisible(ctx, game)
}

// JoinGame implements the contract.
func (s *gameServer) JoinGame(ctx context.Context, req *gamev1.JoinGameRequest) (*gamev1.JoinGameResponse, error) {
	game, err := s.updateSeats(ctx, req.GetGameId(), play.Key{Player: identity.FromContext(ctx).Player, All: true}, (*play.Turn).Join)
	if err != nil {
		return nil, err
	}
	return &gamev1.JoinGameResponse{Game: game}, nil
}

// LeaveGame implements the contract.
func (s *gameServer) LeaveGame(ctx context.Context, req *gamev1.LeaveGameRequest) (*gamev1.LeaveGameResponse, error) {
	game, err := s.updateSeats(ctx, req.GetGameId(), play.Key{All: true}, (*play.Turn).Leave)
	if err != nil {
		return nil, err
	}
	return &gamev1.LeaveGameResponse{Game: game}, nil
}

// PassDice implements the contract.
func (s *gameServer) PassDice(ctx context.Context, req *gamev1.PassDiceRequest) (*gamev1.PassDiceResponse, error) {
	game, err := s.updateSeats(ctx, req.GetGameId(), play.Key{All: true}, (*play.Turn).PassDice)
	if err != nil {
		return nil, err
	}
	return &gamev1.PassDiceResponse{Game: game}, nil
}

// updateSeats changes who sits at a game, or who has the dice; the key selects what must be loaded besides the game.
func (s *Service) updateSeats(ctx context.Context, gameID string, key play.Key, change func(*play.Turn, uuid.UUID) error) (*gamev1.Game, error) {
	var game *gamev1.Game
	err := s.updateGame(ctx, gameID, key, func(_ context.Context, _ play.Tx, turn *play.Turn, player uuid.UUID) error {
		err := change(turn, player)
		game = gameToProto(turn.Game)
		return err
	})
	if err != nil {
		return nil, err
	}
	return game, nil
}

// updateGame runs a change by the caller on a game that the caller may see.
func (s *Service) updateGame(ctx context.Context, gameID string, key play.Key, change func(context.Context, play.Tx, *play.Turn, uuid.UUID) error) error {
	id, err := parseID("game_id", gameID)
	if err != nil {
		return err
	}
	key.Game = id
	player := identity.FromContext(ctx).Player
	return s.committer.do(&command{ctx: ctx, actor: player, key: key, run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
		if err := checkAdmitted(ctx, tx, turn, player); err != nil {
			return nil, err
		}
		return turn, change(ctx, tx, turn, player)
	}})
}
