package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
)

// saveLobby writes a new join code and standings.
func (t *transaction) saveLobby(ctx context.Context, turn *play.Turn) error {
	if turn.JoinCodeHash != nil {
		if err := t.q.SaveJoinCode(ctx, turn.JoinCodeHash, turn.Game.ID); err != nil {
			return err
		}
	}
	for player, standing := range turn.Members {
		if standing == (play.Member{}) {
			if err := t.q.DeleteMember(ctx, turn.Game.ID, player); err != nil {
				return err
			}
			continue
		}
		if err := t.q.SaveMember(ctx, db.SaveMemberParams{GameID: turn.Game.ID, PlayerID: player,
			Admitted: boolToInt(standing.Admitted), Muted: boolToInt(standing.Muted)}); err != nil {
			return err
		}
	}
	return nil
}

// saveScores adds the decided bets to the scores.
func (t *transaction) saveScores(ctx context.Context, turn *play.Turn) error {
	for _, s := range play.Scores([]*play.Turn{turn}) {
		if err := t.q.AddScore(ctx, db.AddScoreParams{PlayerID: s.Player, Period: string(s.Period), Starts: micros.Of(s.Starts),
			Rounds: s.Rounds, Bets: s.Bets, Staked: s.Staked, Returned: s.Returned, Net: s.Net()}); err != nil {
			return err
		}
	}
	return nil
}

// Member implements play.Tx.
func (t *transaction) Member(ctx context.Context, game, player uuid.UUID) (play.Member, error) {
	return member(ctx, t.q, game, player)
}

// Member implements play.Reader.
func (s *Store) Member(ctx context.Context, game, player uuid.UUID) (play.Member, error) {
	return member(ctx, s.Reading, game, player)
}

func member(ctx context.Context, q *db.Queries, game, player uuid.UUID) (play.Member, error) {
	row, err := q.Member(ctx, game, player)
	if errors.Is(err, sql.ErrNoRows) {
		return play.Member{}, nil
	}
	return play.Member{Known: true, Admitted: row.Admitted != 0, Muted: row.Muted != 0}, err
}

// GameByCode implements play.Reader.
func (s *Store) GameByCode(ctx context.Context, hash []byte) (uuid.UUID, error) {
	id, err := s.Reading.GameByCode(ctx, hash)
	return id, notFound(err)
}

// Leaders implements play.Reader.
func (s *Store) Leaders(ctx context.Context, key play.ScoreKey, after play.Score, limit int) ([]play.Score, error) {
	net, player := int64(math.MaxInt64), uuid.Max
	if after.Player != uuid.Nil {
		net, player = after.Net(), after.Player
	}
	rows, err := s.Reading.Leaders(ctx, db.LeadersParams{Period: string(key.Period), Starts: micros.Of(key.Starts), Net: net,
		After: player.String(), Count: int64(limit)})
	if err != nil {
		return nil, err
	}
	scores := make([]play.Score, len(rows))
	for i, row := range rows {
		scores[i] = toScore(row)
	}
	return scores, nil
}

// Scores implements play.Reader.
func (s *Store) Scores(ctx context.Context, player uuid.UUID, keys ...play.ScoreKey) ([]play.Score, error) {
	var scores []play.Score
	for _, key := range keys {
		row, err := s.Reading.Score(ctx, player, string(key.Period), micros.Of(key.Starts))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		scores = append(scores, toScore(row))
	}
	return scores, nil
}

func toScore(row db.Score) play.Score {
	return play.Score{Player: row.PlayerID, ScoreKey: play.ScoreKey{Period: calendar.Period(row.Period), Starts: micros.Time(row.Starts)},
		Rounds: row.Rounds, Bets: row.Bets, Staked: row.Staked, Returned: row.Returned}
}

// Rolls implements play.Reader.
func (s *Store) Rolls(ctx context.Context, game uuid.UUID, limit int) ([]play.RollCount, error) {
	rows, err := s.Reading.Rolls(ctx, game, int64(limit))
	if err != nil {
		return nil, err
	}
	counts := make([]play.RollCount, len(rows))
	for i, row := range rows {
		counts[i] = play.RollCount{Total: int(row.Total), Call: row.Call, Count: row.Count}
	}
	return counts, nil
}

// PruneScores implements play.Store.
func (s *Store) PruneScores(ctx context.Context, period calendar.Period, before time.Time, limit int) (int, error) {
	var n int64
	err := s.Write(ctx, func(tx *sql.Tx) (err error) {
		n, err = s.Writing.WithTx(tx).PruneScores(ctx, string(period), micros.Of(before), int64(limit))
		return err
	})
	return int(n), err
}
