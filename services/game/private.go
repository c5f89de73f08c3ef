package game

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/ratelimit"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/lobby"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// wrongCodes is how many wrong join codes a player may try: one a minute in the long run, and as many at once as the gateway lets
// through, since they count once they have turned out to be wrong. A code has 50 bits: a thousand players who try one a minute for a
// thousand years find one of a thousand tables with even chances.
var wrongCodes = ratelimit.Limit{Rate: 10, Period: 10 * time.Minute, Burst: 10}

// newCode makes a join code, and the hash that is kept of it.
func newCode() (code string, hash []byte, err error) {
	if code, err = lobby.NewCode(rand.Reader); err == nil {
		hash, _ = lobby.HashCode(code)
	}
	return code, hash, err
}

// shown returns a game to who may see it. Private ones are not there for anybody else.
func (s *Service) shown(ctx context.Context, game *play.Game) (*play.Game, error) {
	player := identity.FromContext(ctx).Player
	if game.Shows(player) {
		return game, nil
	}
	standing, err := s.store.Member(ctx, game.ID, player)
	if err == nil && !standing.Admitted {
		err = gameNotFound(game.ID)
	}
	return game, err
}

// standing is a player's at a turn's game, also where a command of the same group has changed it.
func standing(ctx context.Context, tx play.Tx, turn *play.Turn, player uuid.UUID) (play.Member, error) {
	if member, changed := turn.Members[player]; changed {
		return member, nil
	}
	return tx.Member(ctx, turn.Game.ID, player)
}

// enter fails for who was not let in to a private game.
func enter(ctx context.Context, tx play.Tx, turn *play.Turn, player uuid.UUID) error {
	if turn.Game.Shows(player) {
		return nil
	}
	member, err := standing(ctx, tx, turn, player)
	if err == nil && !member.Admitted {
		err = gameNotFound(turn.Game.ID)
	}
	return err
}

// JoinByCode implements the contract.
func (s *lobbyServer) JoinByCode(ctx context.Context, req *gamev1.JoinByCodeRequest) (*gamev1.JoinByCodeResponse, error) {
	player := identity.FromContext(ctx).Player
	id, err := s.gameOfCode(ctx, player, req.GetJoinCode())
	if err != nil {
		return nil, err
	}
	resp := &gamev1.JoinByCodeResponse{}
	return resp, s.commits.do(&command{ctx: ctx, from: player, key: play.Key{Game: id, Player: player},
		run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
			before, err := standing(ctx, tx, turn, player)
			if err != nil {
				return nil, err
			}
			if !req.GetSpectate() {
				if err := turn.Join(player); err != nil {
					return nil, err
				}
			}
			if err := turn.Admit(player, before); err != nil {
				return nil, err
			}
			resp.Game = gameToProto(turn.Game)
			return turn, nil
		}})
}

// gameOfCode finds the game of a code. Only wrong codes count: a player who knows one may come and go.
func (s *Service) gameOfCode(ctx context.Context, player uuid.UUID, code string) (uuid.UUID, error) {
	if err := s.allow(ctx, "join_code:"+player.String(), wrongCodes, 0, "wrong join codes"); err != nil {
		return uuid.Nil, err
	}
	id, err := uuid.Nil, play.ErrNotFound
	if hash, ok := lobby.HashCode(code); ok {
		id, err = s.store.GameOfCode(ctx, hash)
	}
	if !errors.Is(err, play.ErrNotFound) {
		return id, err
	}
	if err := s.allow(ctx, "join_code:"+player.String(), wrongCodes, 1, "wrong join codes"); err != nil {
		return uuid.Nil, err
	}
	return uuid.Nil, errs.New(errorsv1.Reason_REASON_JOIN_CODE_UNKNOWN, "no private table has this code; ask its host for the one that counts").
		Field("join_code", "must be that of a private table")
}

// allow counts n events against a limit. To ask for none fails where not one more may be.
func (s *Service) allow(ctx context.Context, key string, limit ratelimit.Limit, n int, what string) error {
	result, err := s.limiter.Allow(ctx, key, limit, n)
	if err != nil {
		return err
	}
	if result.Allowed && (n > 0 || result.Remaining > 0) {
		return nil
	}
	wait := max(result.RetryAfter, limit.Period/time.Duration(limit.Rate))
	return errs.New(errorsv1.Reason_REASON_RATE_LIMITED, "too many %s; try again in %s", what, wait.Round(time.Second)).RetryAfter(wait)
}

// RenewJoinCode implements the contract.
func (s *lobbyServer) RenewJoinCode(ctx context.Context, req *gamev1.RenewJoinCodeRequest) (*gamev1.RenewJoinCodeResponse, error) {
	code, hash, err := newCode()
	if err != nil {
		return nil, err
	}
	err = s.at(ctx, req.GetGameId(), play.Key{}, func(_ context.Context, _ play.Tx, turn *play.Turn, player uuid.UUID) error {
		return turn.RenewCode(player, hash)
	})
	if err != nil {
		return nil, err
	}
	return &gamev1.RenewJoinCodeResponse{JoinCode: code}, nil
}
