package postgres

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

// saveLobby writes new join codes and standings, the rows of one game in the order of their players.
func (t *transaction) saveLobby(ctx context.Context, turns []*play.Turn) error {
	coded := slices.DeleteFunc(slices.Clone(turns), func(turn *play.Turn) bool { return turn.JoinCodeHash == nil })
	if len(coded) > 0 {
		if err := t.later.SaveJoinCodes(ctx, column(coded, func(turn *play.Turn) []byte { return turn.JoinCodeHash }),
			column(coded, func(turn *play.Turn) uuid.UUID { return turn.Game.ID })); err != nil {
			return err
		}
	}
	return t.saveMembers(ctx, turns)
}

// saveMembers writes standings; a player without a standing has no row.
func (t *transaction) saveMembers(ctx context.Context, turns []*play.Turn) error {
	type member struct {
		game, player uuid.UUID
		play.Member
	}
	var members, gone []member
	for _, turn := range turns {
		for player, standing := range turn.Members {
			if standing == (play.Member{}) {
				gone = append(gone, member{turn.Game.ID, player, standing})
			} else {
				members = append(members, member{turn.Game.ID, player, standing})
			}
		}
	}
	game, player := func(m member) uuid.UUID { return m.game }, func(m member) uuid.UUID { return m.player }
	if len(gone) > 0 {
		if err := t.later.DeleteMembers(ctx, column(gone, game), column(gone, player)); err != nil {
			return err
		}
	}
	if len(members) == 0 {
		return nil
	}
	slices.SortFunc(members, func(a, b member) int {
		return cmp.Or(bytes.Compare(a.game[:], b.game[:]), bytes.Compare(a.player[:], b.player[:]))
	})
	return t.later.SaveMembers(ctx, db.SaveMembersParams{Games: column(members, game), Players: column(members, player),
		Admitted: column(members, func(m member) bool { return m.Admitted }), Muted: column(members, func(m member) bool { return m.Muted }),
	})
}

// saveScores adds the decided bets to the scores. The owners' wallets are locked, so no other transaction adds to the same scores.
func (t *transaction) saveScores(ctx context.Context, turns []*play.Turn) error {
	scores := play.Scores(turns)
	if len(scores) == 0 {
		return nil
	}
	return t.later.AddScores(ctx, db.AddScoresParams{
		Players:  column(scores, func(s play.Score) uuid.UUID { return s.Player }),
		Periods:  column(scores, func(s play.Score) string { return string(s.Period) }),
		Starts:   column(scores, func(s play.Score) int64 { return micros.Of(s.Starts) }),
		Rounds:   column(scores, func(s play.Score) int64 { return s.Rounds }),
		Bets:     column(scores, func(s play.Score) int64 { return s.Bets }),
		Staked:   column(scores, func(s play.Score) int64 { return s.Staked }),
		Returned: column(scores, func(s play.Score) int64 { return s.Returned }),
		Net:      column(scores, play.Score.Net),
	})
}

// Member implements play.Tx.
func (t *transaction) Member(ctx context.Context, game, player uuid.UUID) (play.Member, error) {
	var rows []db.Member
	await(t, &rows, func(q *db.Queries) ([]db.Member, error) { return q.Members(ctx, game, player) })
	err := t.tx.Flush(ctx)
	return toMember(rows), err
}

// Member implements play.Reader.
func (s *Store) Member(ctx context.Context, game, player uuid.UUID) (play.Member, error) {
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.Member, error) { return q.Members(ctx, game, player) })
	return toMember(rows), err
}

func toMember(rows []db.Member) play.Member {
	if len(rows) == 0 {
		return play.Member{}
	}
	return play.Member{Known: true, Admitted: rows[0].Admitted, Muted: rows[0].Muted}
}

// GameByCode implements play.Reader.
func (s *Store) GameByCode(ctx context.Context, hash []byte) (uuid.UUID, error) {
	id, err := read(ctx, s, func(q *db.Queries) (uuid.UUID, error) { return q.GameByCode(ctx, hash) })
	return id, notFound(err)
}

// OpenGamesWithSeats implements play.Reader.
func (s *Store) OpenGamesWithSeats(ctx context.Context, after uuid.UUID, limit int) ([]*play.Game, error) {
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.OpenGamesWithSeatsRow, error) {
		return q.OpenGamesWithSeats(ctx, cursorOrMax(after), int32(limit))
	})
	return column(rows, func(row db.OpenGamesWithSeatsRow) *play.Game { return toGameWithSeats(db.GameRow(row)) }), err
}

// Leaders implements play.Reader.
func (s *Store) Leaders(ctx context.Context, key play.ScoreKey, after play.Score, limit int) ([]play.Score, error) {
	net, player := int64(math.MaxInt64), uuid.Max
	if after.Player != uuid.Nil {
		net, player = after.Net(), after.Player
	}
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.Score, error) {
		return q.Leaders(ctx, db.LeadersParams{Period: string(key.Period), Starts: micros.Of(key.Starts), Net: net, PlayerID: player, Count: int32(limit)})
	})
	return column(rows, toScore), err
}

// Scores implements play.Reader.
func (s *Store) Scores(ctx context.Context, player uuid.UUID, keys ...play.ScoreKey) ([]play.Score, error) {
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.Score, error) {
		return q.Scores(ctx, column(keys, func(k play.ScoreKey) string { return string(k.Period) }),
			column(keys, func(k play.ScoreKey) int64 { return micros.Of(k.Starts) }), player)
	})
	return column(rows, toScore), err
}

func toScore(row db.Score) play.Score {
	return play.Score{Player: row.PlayerID, ScoreKey: play.ScoreKey{Period: calendar.Period(row.Period), Starts: micros.Time(row.Starts)},
		Rounds: row.Rounds, Bets: row.Bets, Staked: row.Staked, Returned: row.Returned}
}

// Rolls implements play.Reader.
func (s *Store) Rolls(ctx context.Context, game uuid.UUID, limit int) ([]play.RollCount, error) {
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.RollsRow, error) { return q.Rolls(ctx, game, int32(limit)) })
	return column(rows, func(row db.RollsRow) play.RollCount {
		return play.RollCount{Total: int(row.Total), Call: row.Call, Count: row.Count}
	}), err
}

// PruneScores implements play.Store.
func (s *Store) PruneScores(ctx context.Context, period calendar.Period, before time.Time, limit int) (int, error) {
	n, err := read(ctx, s, func(q *db.Queries) (int64, error) {
		return q.PruneScores(ctx, string(period), micros.Of(before), int32(limit))
	})
	return int(n), err
}
