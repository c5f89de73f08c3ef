package play

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
)

// Decided totals a player's bets that a round decided: how many, their stakes and commissions, and what they returned.
type Decided struct {
	Bets             int
	Staked, Returned int64
	At               time.Time
}

// AllTime is the period of scores that covers all bets; it has no start.
const AllTime calendar.Period = "all_time"

// ScorePeriods are the periods that have leaderboards.
var ScorePeriods = []calendar.Period{calendar.Day, calendar.Week, AllTime}

// ScoreKey identifies the leaderboard of a period.
type ScoreKey struct {
	Period calendar.Period
	// Starts is when the period began; zero for AllTime.
	Starts time.Time
}

// ScoresAt returns the key of a period's scores at a time.
func ScoresAt(period calendar.Period, now time.Time) ScoreKey {
	if period == AllTime {
		return ScoreKey{Period: AllTime}
	}
	return ScoreKey{period, period.Start(now)}
}

// Score totals a player's decided bets of a period.
type Score struct {
	ScoreKey
	Player uuid.UUID

	Rounds, Bets, Staked, Returned int64
}

// Net is the player's net win, by which leaderboards are sorted.
func (s Score) Net() int64 { return s.Returned - s.Staked }

// RollCount is the number of rolls with a total and a call.
type RollCount struct {
	Total int
	Call  string
	Count int64
}

// Scores adds up the decided bets of turns: one score for each player and period, in the order in which every transaction
// writes them.
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
