package ops

import (
	"cmp"
	"context"
	"slices"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

const (
	// tablesRead is of how many tables rounds are shown, of those that were opened last; private ones are nobody's to show.
	tablesRead = 5
	roundsRead = 5
	roundsKept = 10
)

// Round is a roll.
type Round struct {
	Game   string  `json:"game"`
	Number int64   `json:"round"`
	Dice   []int32 `json:"dice"`
	Call   string  `json:"call"`
	Bets   int32   `json:"bets"`
	Block  int64   `json:"block"`
	Closed int64   `json:"closed"` // When betting closed, in milliseconds.
	// Took is from there until it was settled, in milliseconds; 0 where it is not yet.
	Took int64 `json:"took_ms"`
}

// latestRounds are those that were rolled last, the newest first.
func latestRounds(ctx context.Context, game gamev1.GameServiceClient) ([]Round, error) {
	games, err := game.ListGames(ctx, &gamev1.ListGamesRequest{PageSize: 50})
	if err != nil {
		return nil, err
	}
	tables := games.GetGames()
	slices.SortStableFunc(tables, func(a, b *gamev1.Game) int { return b.GetUpdatedAt().AsTime().Compare(a.GetUpdatedAt().AsTime()) })
	all := []Round{}
	for _, table := range tables[:min(tablesRead, len(tables))] {
		rounds, err := game.ListRounds(ctx, &gamev1.ListRoundsRequest{GameId: table.GetGameId(), PageSize: roundsRead})
		if err != nil {
			return nil, err
		}
		for _, r := range rounds.GetRounds() {
			all = append(all, render(r))
		}
	}
	slices.SortStableFunc(all, func(a, b Round) int { return cmp.Compare(b.Closed, a.Closed) })
	return all[:min(roundsKept, len(all))], nil
}

func render(r *gamev1.Round) Round {
	out := Round{Game: r.GetGameId(), Number: r.GetRound(), Dice: append([]int32{}, r.GetDice()...), Call: r.GetCall(), Bets: r.GetBetCount(),
		Block: r.GetDecisionHeight(), Closed: r.GetClosedAt().AsTime().UnixMilli()}
	if r.GetSettledAt() != nil {
		out.Took = r.GetSettledAt().AsTime().UnixMilli() - out.Closed
	}
	return out
}
