package game

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

const (
	// traceBatch is how many tables of a deleted player are read at once.
	traceBatch = 100
	// eraseBatch is how much of what a player said at a table one transaction erases. Others wait for it.
	eraseBatch = 200
)

// ForgetPlayer implements the contract. First the player can do nothing any more, so that nothing of what is forgotten then comes back.
func (s *lobbyServer) ForgetPlayer(ctx context.Context, req *gamev1.ForgetPlayerRequest) (*gamev1.ForgetPlayerResponse, error) {
	player, err := parseID("player_id", req.GetPlayerId())
	if err != nil {
		return nil, err
	}
	if err := s.bury(ctx, player); err != nil {
		return nil, err
	}
	if err := s.forgetTables(ctx, player); err != nil {
		return nil, err
	}
	telemetry.Audit(s.logger).InfoContext(ctx, "a player is forgotten", "player_id", player)
	return &gamev1.ForgetPlayerResponse{}, nil
}

// bury keeps a deleted player from everything, and forgets limits and scores.
func (s *Service) bury(ctx context.Context, player uuid.UUID) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	return s.store.Update(ctx, func(tx play.Tx) error {
		turns, err := tx.Load(ctx, play.Key{Player: player})
		if err != nil {
			return err
		}
		turn := s.ready(turns[0])
		turn.Bury(player)
		return cmp.Or(tx.Save(ctx, turn), tx.ForgetScores(ctx, player))
	})
}

// forgetTables takes a deleted player from every table. One at which that fails keeps no other from it. Rolls that are in the air are
// finished behind all else, since they may take a while. It returns the first error.
func (s *Service) forgetTables(ctx context.Context, player uuid.UUID) (failed error) {
	var rolling []*play.Game
	for behind := uuid.Nil; ; {
		tables, err := s.store.Traces(ctx, player, behind, traceBatch)
		if err != nil {
			return err
		}
		for _, id := range tables {
			game, err := s.forgetAt(ctx, id, player)
			if failed = cmp.Or(failed, err); game != nil {
				rolling = append(rolling, game)
			}
			behind = id
		}
		if len(tables) < traceBatch || ctx.Err() != nil {
			break
		}
	}
	for _, game := range rolling {
		failed = cmp.Or(failed, s.getUp(ctx, game, player))
	}
	return failed
}

// forgetAt takes a deleted player from a table. It returns the game where the player still sits there, since dice are in the air.
func (s *Service) forgetAt(ctx context.Context, id, player uuid.UUID) (rolling *play.Game, err error) {
	for erased := eraseBatch; erased == eraseBatch; {
		err := s.commits.do(&command{ctx: ctx, from: player, key: play.Key{Game: id, All: true}, run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (_ *play.Turn, err error) {
			rolling = nil
			if erased, err = tx.EraseChat(ctx, id, player, eraseBatch); err != nil {
				return nil, err
			}
			sits, err := turn.Forget(player, erased > 0)
			if sits {
				rolling = new(*turn.Game)
			}
			return turn, err
		}})
		if err != nil {
			return nil, fmt.Errorf("game %s: %w", id, err)
		}
	}
	return rolling, nil
}

// getUp waits for a roll, and then has a deleted player get up.
func (s *Service) getUp(ctx context.Context, at *play.Game, player uuid.UUID) error {
	if _, err := s.finish(ctx, at.ID, at.Round); err != nil {
		return fmt.Errorf("round %d of game %s: %w", at.Round, at.ID, err)
	}
	rolling, err := s.forgetAt(ctx, at.ID, player)
	if err == nil && rolling != nil {
		err = errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the dice are in the air again at game %s; try again", at.ID).RetryAfter(retryDelay)
	}
	return err
}
