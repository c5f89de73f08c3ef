package ops

import (
	"cmp"
	"context"
	"slices"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

const (
	// maxTables is the number of tables whose rounds are shown: the most recently active ones. Private tables are not shown.
	maxTables = 5
	// maxRoundsPerTable and maxRounds bound the rounds shown: of each table, and in all.
	maxRoundsPerTable = 5
	maxRounds         = 10
)

// Round is one round: a roll and its bets.
type Round struct {
	Game   string  `json:"game"`
	Number int64   `json:"round"`
	Dice   []int32 `json:"dice"`
	Call   string  `json:"call"`
	Bets   int32   `json:"bets"`
	Block  int64   `json:"block"`
	Closed int64   `json:"closed"` // When betting closed, in milliseconds.
	// Took is the time from closing to settlement in milliseconds; 0 until it is settled.
	Took int64 `json:"took_ms"`
}

// latestRounds returns the latest rounds, newest first.
func latestRounds(ctx context.Context, game gamev1.GameServiceClient) ([]Round, error) {
	games, err := game.ListGames(ctx, &gamev1.ListGamesRequest{PageSize: 50})
	if err != nil {
		return nil, err
	}
	tables := games.GetGames()
	slices.SortStableFunc(tables, func(a, b *gamev1.Game) int { return b.GetUpdatedAt().AsTime().Compare(a.GetUpdatedAt().AsTime()) })
	all := []Round{}
	for _, table := range tables[:min(maxTables, len(tables))] {
		rounds, err := game.ListRounds(ctx, &gamev1.ListRoundsRequest{GameId: table.GetGameId(), PageSize: maxRoundsPerTable})
		if err != nil {
			return nil, err
		}
		for _, r := range rounds.GetRounds() {
			all = append(all, roundOf(r))
		}
	}
	slices.SortStableFunc(all, func(a, b Round) int { return cmp.Compare(b.Closed, a.Closed) })
	return all[:min(maxRounds, len(all))], nil
}

func roundOf(r *gamev1.Round) Round {
	out := Round{Game: r.GetGameId(), Number: r.GetRound(), Dice: append([]int32{}, r.GetDice()...), Call: r.GetCall(), Bets: r.GetBetCount(),
		Block: r.GetDecisionHeight(), Closed: r.GetClosedAt().AsTime().UnixMilli()}
	if r.GetSettledAt() != nil {
		out.Took = r.GetSettledAt().AsTime().UnixMilli() - out.Closed
	}
	return out
}
