package sqlite

import (
	"context"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
)

// listing holds the columns that indexes of games contain. Most commands do not change them.
type listing struct {
	status                   gamev1.GameStatus
	turnDueAt, updatedMinute int64
	seatsTaken               int
	host                     uuid.UUID
}

func listingOf(g *play.Game) listing {
	return listing{status: g.Status, turnDueAt: micros.Of(g.TurnDueAt), updatedMinute: micros.Minute(g.UpdatedAt), seatsTaken: len(g.Seats), host: g.Host}
}

func (t *transaction) saveGame(ctx context.Context, turn *play.Turn) error {
	g, now := turn.Game, listingOf(turn.Game)
	if turn.New {
		return t.q.InsertGame(ctx, db.InsertGameParams{
			ID: g.ID, Status: g.Status, MaxPlayers: int64(g.Limits.MaxPlayers), MinBet: g.Limits.MinBet, MaxBet: g.Limits.MaxBet,
			Hand: int64(g.Hand), Round: int64(g.Round), Point: int64(g.Craps.Point), Rolls: int64(g.Craps.Rolls), Rolling: boolToInt(g.Rolling),
			ShooterID: g.Shooter, Sequence: int64(g.Sequence), TurnDueAt: now.turnDueAt, CreatedAt: micros.Of(g.CreatedAt), UpdatedAt: micros.Of(g.UpdatedAt),
			Totals: int64(g.Craps.Since7.Totals), Pairs: int64(g.Craps.Since7.Pairs), Hard: int64(g.Craps.Since7.Hard),
			PointsMade: int64(g.Craps.Hand.Made), PassWins: int64(g.Craps.Hand.Wins), Exposure: g.Exposure,
			HostID: g.Host, Private: boolToInt(g.Private), SeatsTaken: int64(now.seatsTaken), UpdatedMinute: now.updatedMinute,
			LeftSeat: int64(g.LeftSeat),
		})
	}
	if before := t.games[g.ID]; before == nil || listingOf(before.State) != now {
		if err := expectOneRow(t.q.UpdateListing(ctx, db.UpdateListingParams{
			Status: now.status, TurnDueAt: now.turnDueAt, UpdatedMinute: now.updatedMinute, SeatsTaken: int64(now.seatsTaken), HostID: now.host, ID: g.ID})); err != nil {
			return err
		}
	}
	return expectOneRow(t.q.UpdateGame(ctx, db.UpdateGameParams{
		Hand: int64(g.Hand), Round: int64(g.Round), Point: int64(g.Craps.Point), Rolls: int64(g.Craps.Rolls), Rolling: boolToInt(g.Rolling),
		ShooterID: g.Shooter, Sequence: int64(g.Sequence), UpdatedAt: micros.Of(g.UpdatedAt), ID: g.ID,
		Totals: int64(g.Craps.Since7.Totals), Pairs: int64(g.Craps.Since7.Pairs), Hard: int64(g.Craps.Since7.Hard),
		PointsMade: int64(g.Craps.Hand.Made), PassWins: int64(g.Craps.Hand.Wins), Exposure: g.Exposure, LeftSeat: int64(g.LeftSeat),
	}))
}
