package game

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/page"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

const (
	// countedRolls is how many of a game's rolls its statistics count.
	countedRolls = 1000
	// dayScoreRetention and weekScoreRetention are how long scores of days and weeks are kept, counted from the start of the period.
	dayScoreRetention  = 40 * 24 * time.Hour
	weekScoreRetention = 400 * 24 * time.Hour
)

// ListLeaders implements the contract.
func (s *lobbyServer) ListLeaders(ctx context.Context, req *gamev1.ListLeadersRequest) (*gamev1.ListLeadersResponse, error) {
	key := play.ScoresAt(calendar.Period(req.GetPeriod()), s.now())
	p, err := page.New(req.GetPageSize(), req.GetPageToken(), "leaders", req.GetPeriod(), strconv.FormatInt(key.Starts.Unix(), 10))
	if err != nil {
		return nil, err
	}
	after, err := lastScore(p)
	if err != nil {
		return nil, err
	}
	scores, err := s.store.Leaders(ctx, key, after, p.Size+1)
	if err != nil {
		return nil, err
	}
	resp := &gamev1.ListLeadersResponse{}
	scores, resp.NextPageToken = page.Cut(p, scores, func(s play.Score) string { return fmt.Sprintf("%d:%s", s.Net(), s.Player) })
	for _, score := range scores {
		resp.Leaders = append(resp.Leaders, scoreToProto(score))
	}
	return resp, nil
}

// lastScore returns the last score of the previous page, the zero score for the first page.
func lastScore(p page.Page) (play.Score, error) {
	if p.After == "" {
		return play.Score{}, nil
	}
	net, player, _ := strings.Cut(p.After, ":")
	n, badNet := strconv.ParseInt(net, 10, 64)
	id, badID := uuid.Parse(player)
	if badNet != nil || badID != nil || id == uuid.Nil {
		return play.Score{}, page.InvalidToken()
	}
	return play.Score{Player: id, Returned: n}, nil
}

func scoreToProto(s play.Score) *gamev1.Score {
	return &gamev1.Score{PlayerId: s.Player.String(), Rounds: s.Rounds, Bets: s.Bets, Staked: s.Staked, Returned: s.Returned, Net: s.Net()}
}

// GetMyStatistics implements the contract.
func (s *lobbyServer) GetMyStatistics(ctx context.Context, _ *gamev1.GetMyStatisticsRequest) (*gamev1.GetMyStatisticsResponse, error) {
	player, now := identity.FromContext(ctx).Player, s.now()
	keys := make([]play.ScoreKey, len(play.ScorePeriods))
	for i, period := range play.ScorePeriods {
		keys[i] = play.ScoresAt(period, now)
	}
	scores, err := s.store.Scores(ctx, player, keys...)
	if err != nil {
		return nil, err
	}
	scoreOf := func(period calendar.Period) *gamev1.Score {
		i := slices.IndexFunc(scores, func(s play.Score) bool { return s.Period == period })
		if i < 0 {
			return scoreToProto(play.Score{Player: player})
		}
		return scoreToProto(scores[i])
	}
	return &gamev1.GetMyStatisticsResponse{Day: scoreOf(calendar.Day), Week: scoreOf(calendar.Week), AllTime: scoreOf(play.AllTime)}, nil
}

// GetGameStatistics implements the contract.
func (s *lobbyServer) GetGameStatistics(ctx context.Context, req *gamev1.GetGameStatisticsRequest) (*gamev1.GetGameStatisticsResponse, error) {
	game, err := s.game(ctx, req.GetGameId())
	if err != nil {
		return nil, err
	}
	counts, err := s.store.Rolls(ctx, game.ID, countedRolls)
	if err != nil {
		return nil, err
	}
	resp, totals, calls := &gamev1.GetGameStatisticsResponse{}, make(map[int]int64), make(map[string]int64)
	for _, c := range counts {
		resp.Rolls += c.Count
		totals[c.Total] += c.Count
		calls[c.Call] += c.Count
	}
	for total := 2; total <= 12; total++ {
		resp.Totals = append(resp.Totals, &gamev1.TotalCount{Total: int32(total), Count: totals[total]})
	}
	for _, call := range slices.Sorted(maps.Keys(calls)) {
		resp.Calls = append(resp.Calls, &gamev1.CallCount{Call: call, Count: calls[call]})
	}
	return resp, nil
}

// pruneScores deletes scores of days and weeks that are past their retention.
func (w *sweeper) pruneScores(ctx context.Context) error {
	for period, age := range map[calendar.Period]time.Duration{calendar.Day: dayScoreRetention, calendar.Week: weekScoreRetention} {
		for {
			n, err := w.store.PruneScores(ctx, period, w.clock.Now().Add(-age), pruneBatch)
			if err != nil {
				return err
			}
			if n < pruneBatch {
				break
			}
		}
	}
	return nil
}
