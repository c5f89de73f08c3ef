package play

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
)

// Decided is what a round decided for a player: bets, what they had cost, and what came back.
type Decided struct {
	Bets             int
	Staked, Returned int64
	At               time.Time
}

// AllTime is the period of scores that begins with the first bet; it has no start.
const AllTime calendar.Period = "all_time"

// ScorePeriods are those that players are compared in.
var ScorePeriods = []calendar.Period{calendar.Day, calendar.Week, AllTime}

// ScoreKey names a period's scores.
type ScoreKey struct {
	Period calendar.Period
	// Starts is when the period began; zero for AllTime.
	Starts time.Time
}

// ScoresAt names the scores of a period that a moment counts for.
func ScoresAt(period calendar.Period, now time.Time) ScoreKey {
	if period == AllTime {
		return ScoreKey{Period: AllTime}
	}
	return ScoreKey{period, period.Start(now)}
}

// Score is what became of a player's bets in a period.
type Score struct {
	ScoreKey
	Player uuid.UUID

	Rounds, Bets, Staked, Returned int64
}

// Net is what leaders go by.
func (s Score) Net() int64 { return s.Returned - s.Staked }

// RollCount is how often rolls had a total and a call.
type RollCount struct {
	Total int
	Call  string
	Count int64
}

// Scores adds up what the rounds of turns decided: one score for each player and period, in the one order that all
// transactions write them in.
func Scores(turns []*Turn) []Score {
	type owned struct {
		ScoreKey
		player uuid.UUID
	}
	byKey := make(map[owned]*Score)
	var scores []*Score
	for _, turn := range turns {
		for _, result := range turn.Results {
			if result.Decided.Bets == 0 {
				continue
			}
			for _, period := range ScorePeriods {
				key := owned{ScoresAt(period, result.Decided.At), result.Player}
				score := byKey[key]
				if score == nil {
					score = &Score{ScoreKey: key.ScoreKey, Player: key.player}
					byKey[key] = score
					scores = append(scores, score)
				}
				score.Rounds++
				score.Bets += int64(result.Decided.Bets)
				score.Staked += result.Decided.Staked
				score.Returned += result.Decided.Returned
			}
		}
	}
	slices.SortFunc(scores, func(a, b *Score) int {
		return cmp.Or(bytes.Compare(a.Player[:], b.Player[:]), cmp.Compare(a.Period, b.Period), a.Starts.Compare(b.Starts))
	})
	out := make([]Score, len(scores))
	for i, score := range scores {
		out[i] = *score
	}
	return out
}
