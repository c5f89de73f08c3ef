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
	// tableBatch is how many of a deleted player's tables are read at once.
	tableBatch = 100
	// eraseBatch is how many of a player's messages at a table one transaction erases. Other callers wait for it.
	eraseBatch = 200
)

// ForgetPlayer implements the contract. It locks the player out first, so that nothing that it erases can be written again.
func (s *lobbyServer) ForgetPlayer(ctx context.Context, req *gamev1.ForgetPlayerRequest) (*gamev1.ForgetPlayerResponse, error) {
	player, err := parseID("player_id", req.GetPlayerId())
	if err != nil {
		return nil, err
	}
	if err := s.lockOut(ctx, player); err != nil {
		return nil, err
	}
	if err := s.forgetAtTables(ctx, player); err != nil {
		return nil, err
	}
	telemetry.Audit(s.logger).InfoContext(ctx, "a player is forgotten", "player_id", player)
	return &gamev1.ForgetPlayerResponse{}, nil
}

// lockOut marks a player as deleted, who can do nothing from then on, and deletes the player's limits and scores.
func (s *Service) lockOut(ctx context.Context, player uuid.UUID) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	return s.store.Update(ctx, func(tx play.Tx) error {
		turns, err := tx.Load(ctx, play.Key{Player: player})
		if err != nil {
			return err
		}
		turn := s.prepare(turns[0])
		turn.MarkDeleted(player)
		return cmp.Or(tx.Save(ctx, turn), tx.ForgetScores(ctx, player))
	})
}

// forgetAtTables removes a deleted player from every table. A failure at one table does not keep it from the others. Tables whose
// dice are in the air come last, since their rolls may take a while. It returns the first error.
func (s *Service) forgetAtTables(ctx context.Context, player uuid.UUID) (failed error) {
	var rolling []*play.Game
	for after := uuid.Nil; ; {
		tables, err := s.store.GamesWithPlayerData(ctx, player, after, tableBatch)
		if err != nil {
			return err
		}
		for _, id := range tables {
			game, err := s.forgetAtTable(ctx, id, player)
			if failed = cmp.Or(failed, err); game != nil {
				rolling = append(rolling, game)
			}
			after = id
		}
		if len(tables) < tableBatch || ctx.Err() != nil {
			break
		}
	}
	for _, game := range rolling {
		failed = cmp.Or(failed, s.leaveAfterRoll(ctx, game, player))
	}
	return failed
}

// forgetAtTable removes a deleted player from a table. It returns the game if the player still sits there because dice are in the air.
func (s *Service) forgetAtTable(ctx context.Context, id, player uuid.UUID) (rolling *play.Game, err error) {
	for erased := eraseBatch; erased == eraseBatch; {
		err := s.committer.do(&command{ctx: ctx, actor: player, key: play.Key{Game: id, All: true}, run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (_ *play.Turn, err error) {
			rolling = nil
			if erased, err = tx.EraseChat(ctx, id, player, eraseBatch); err != nil {
				return nil, err
			}
			seated, err := turn.Forget(player, erased > 0)
			if seated {
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

// leaveAfterRoll finishes a roll, and then removes a deleted player from the table.
func (s *Service) leaveAfterRoll(ctx context.Context, game *play.Game, player uuid.UUID) error {
	if _, err := s.finishRound(ctx, game.ID, game.Round); err != nil {
		return fmt.Errorf("round %d of game %s: %w", game.Round, game.ID, err)
	}
	rolling, err := s.forgetAtTable(ctx, game.ID, player)
	if err == nil && rolling != nil {
		err = errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the dice are in the air again at game %s; try again", game.ID).RetryAfter(retryDelay)
	}
	return err
}
