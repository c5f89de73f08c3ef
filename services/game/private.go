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

// wrongCodeLimit is how many wrong join codes a player may try: one a minute in the long run, and as many concurrently as the gateway
// lets through, since a code counts only once it has turned out to be wrong. A code has 50 bits: a thousand players who try one a
// minute for a thousand years have an even chance of finding one of a thousand tables.
var wrongCodeLimit = ratelimit.Limit{Rate: 10, Period: 10 * time.Minute, Burst: 10}

// newJoinCode generates a join code and the hash of it that is stored.
func newJoinCode() (code string, hash []byte, err error) {
	if code, err = lobby.NewCode(rand.Reader); err == nil {
		hash, _ = lobby.HashCode(code)
	}
	return code, hash, err
}

// admission fails for a player who may not see a game: to players who were not admitted, a private game does not exist. member returns the
// player's membership; it is not called for a game that is visible anyway.
func admission(game *play.Game, player uuid.UUID, member func() (play.Member, error)) error {
	if game.VisibleTo(player) {
		return nil
	}
	m, err := member()
	if err == nil && !m.Admitted {
		err = gameNotFound(game.ID)
	}
	return err
}

// checkVisible returns the game if the caller may see it.
func (s *Service) checkVisible(ctx context.Context, game *play.Game) (*play.Game, error) {
	player := identity.FromContext(ctx).Player
	return game, admission(game, player, func() (play.Member, error) { return s.store.Member(ctx, game.ID, player) })
}

// memberOf returns a player's membership in a turn's game, including changes by earlier commands of the same group.
func memberOf(ctx context.Context, tx play.Tx, turn *play.Turn, player uuid.UUID) (play.Member, error) {
	if member, changed := turn.Members[player]; changed {
		return member, nil
	}
	return tx.Member(ctx, turn.Game.ID, player)
}

// checkAdmitted fails for a player who was not admitted to a private game.
func checkAdmitted(ctx context.Context, tx play.Tx, turn *play.Turn, player uuid.UUID) error {
	return admission(turn.Game, player, func() (play.Member, error) { return memberOf(ctx, tx, turn, player) })
}

// JoinByCode implements the contract.
func (s *lobbyServer) JoinByCode(ctx context.Context, req *gamev1.JoinByCodeRequest) (*gamev1.JoinByCodeResponse, error) {
	player := identity.FromContext(ctx).Player
	id, err := s.gameByCode(ctx, player, req.GetJoinCode())
	if err != nil {
		return nil, err
	}
	resp := &gamev1.JoinByCodeResponse{}
	return resp, s.committer.do(&command{ctx: ctx, actor: player, key: play.Key{Game: id, Player: player, All: true},
		run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
			before, err := memberOf(ctx, tx, turn, player)
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

// gameByCode finds the game of a join code. Only wrong codes count against the limit: a player who knows the code may use it often.
func (s *Service) gameByCode(ctx context.Context, player uuid.UUID, code string) (uuid.UUID, error) {
	if err := s.allow(ctx, "join_code:"+player.String(), wrongCodeLimit, 0, "wrong join codes"); err != nil {
		return uuid.Nil, err
	}
	id, err := uuid.Nil, play.ErrNotFound
	if hash, ok := lobby.HashCode(code); ok {
		id, err = s.store.GameByCode(ctx, hash)
	}
	if !errors.Is(err, play.ErrNotFound) {
		return id, err
	}
	if err := s.allow(ctx, "join_code:"+player.String(), wrongCodeLimit, 1, "wrong join codes"); err != nil {
		return uuid.Nil, err
	}
	return uuid.Nil, errs.New(errorsv1.Reason_REASON_JOIN_CODE_UNKNOWN, "no private table has this code; ask the host for the current one").
		Field("join_code", "must be the code of a private table")
}

// allow counts n events against a limit. With n of 0 it counts nothing, and fails if not even one more event is allowed.
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
	code, hash, err := newJoinCode()
	if err != nil {
		return nil, err
	}
	err = s.updateGame(ctx, req.GetGameId(), play.Key{}, func(_ context.Context, _ play.Tx, turn *play.Turn, player uuid.UUID) error {
		return turn.RenewCode(player, hash)
	})
	if err != nil {
		return nil, err
	}
	return &gamev1.RenewJoinCodeResponse{JoinCode: code}, nil
}
