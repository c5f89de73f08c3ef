package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/micros"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/codec"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
)

// Game implements play.Reader.
func (s *Store) Game(ctx context.Context, id uuid.UUID) (*play.Game, error) {
	games, err := s.games(ctx, func(q *db.Queries) ([]db.Game, error) { return q.GamesOf(ctx, jsonArray([]uuid.UUID{id})) })
	if err != nil {
		return nil, err
	}
	if len(games) == 0 {
		return nil, play.ErrNotFound
	}
	return games[0], nil
}

func toGame(row db.Game) *play.Game {
	return &play.Game{
		ID: row.ID, Status: row.Status, Limits: play.Limits{MaxPlayers: int(row.MaxPlayers), MinBet: row.MinBet, MaxBet: row.MaxBet},
		Host: row.HostID, Private: row.Private != 0, Hand: uint64(row.Hand), Round: uint64(row.Round), Craps: crapsState(row), Exposure: row.Exposure,
		Rolling: row.Rolling != 0, Shooter: row.ShooterID, LeftSeat: int(row.LeftSeat), Sequence: uint64(row.Sequence), TurnDueAt: micros.Time(row.TurnDueAt),
		CreatedAt: micros.Time(row.CreatedAt), UpdatedAt: micros.Time(row.UpdatedAt),
	}
}

func toSeat(row db.Seat) play.Seat {
	return play.Seat{Number: int(row.Number), Player: row.PlayerID, JoinedAt: micros.Time(row.JoinedAt)}
}

func crapsState(row db.Game) craps.State {
	return craps.State{
		Point: uint8(row.Point), Rolls: uint32(row.Rolls),
		Since7: craps.Since7{Totals: craps.Totals(row.Totals), Pairs: craps.Pairs(row.Pairs), Hard: craps.Hards(row.Hard)},
		Hand:   craps.Hand{Made: craps.Made(row.PointsMade), Wins: uint8(row.PassWins)},
	}
}

// OpenGames implements play.Reader.
func (s *Store) OpenGames(ctx context.Context, after uuid.UUID, limit int) ([]*play.Game, error) {
	return s.games(ctx, func(q *db.Queries) ([]db.Game, error) { return q.OpenGames(ctx, cursorOrMax(after), int64(limit)) })
}

// OpenGamesWithSeats implements play.Reader.
func (s *Store) OpenGamesWithSeats(ctx context.Context, after uuid.UUID, limit int) ([]*play.Game, error) {
	return s.games(ctx, func(q *db.Queries) ([]db.Game, error) {
		return q.OpenGamesWithSeats(ctx, cursorOrMax(after), int64(limit))
	})
}

// games reads the games of a query, with their seats.
func (s *Store) games(ctx context.Context, query func(*db.Queries) ([]db.Game, error)) ([]*play.Game, error) {
	var games []*play.Game
	err := s.Read(ctx, func(tx *sql.Tx) error {
		q := s.Reading.WithTx(tx)
		rows, err := query(q)
		if err != nil {
			return err
		}
		ids, of := make([]uuid.UUID, len(rows)), make(map[uuid.UUID]*play.Game, len(rows))
		games = make([]*play.Game, len(rows))
		for i, row := range rows {
			games[i] = toGame(row)
			ids[i], of[row.ID] = row.ID, games[i]
		}
		seats, err := q.SeatsOf(ctx, jsonArray(ids))
		for _, seat := range seats {
			of[seat.GameID].Seats = append(of[seat.GameID].Seats, toSeat(seat))
		}
		return err
	})
	return games, err
}

// cursorOrMax returns the id below which a page in descending order starts.
func cursorOrMax(after uuid.UUID) uuid.UUID {
	if after == uuid.Nil {
		return uuid.Max
	}
	return after
}

// Bets implements play.Reader.
func (s *Store) Bets(ctx context.Context, game, player uuid.UUID, status gamev1.BetStatus, after uuid.UUID, limit int) ([]*play.Bet, error) {
	rows, err := s.Reading.BetsOfPlayer(ctx, db.BetsOfPlayerParams{GameID: game, PlayerID: player, After: cursorOrMax(after), Status: status, Count: int64(limit)})
	if err != nil {
		return nil, err
	}
	return codec.ConvertAll(rows, toBet)
}

// LiveBets implements play.Reader.
func (s *Store) LiveBets(ctx context.Context, game uuid.UUID) ([]*play.Bet, error) {
	rows, err := s.Reading.LiveBets(ctx, game)
	if err != nil {
		return nil, err
	}
	return codec.ConvertAll(rows, toBet)
}

func toBet(row db.Bet) (*play.Bet, error) {
	wager, err := codec.DecodeWager(row.ID, row.Wager)
	if err != nil {
		return nil, err
	}
	return &play.Bet{ID: row.ID, Game: row.GameID, Player: row.PlayerID, Wager: wager, Number: uint8(row.Number), Working: row.Working != 0,
		Amount: row.Amount, Commission: row.Commission, Seed: row.Seed, Status: row.Status, PlacedRound: uint64(row.PlacedRound), DecidedRound: uint64(row.DecidedRound),
		Payout: row.Payout, PlacedAt: micros.Time(row.PlacedAt)}, nil
}

// Rounds implements play.Reader.
func (s *Store) Rounds(ctx context.Context, game uuid.UUID, below uint64, limit int) ([]*play.Round, error) {
	if below == 0 {
		below = math.MaxInt64
	}
	rows, err := s.Reading.Rounds(ctx, game, int64(below), int64(limit))
	if err != nil {
		return nil, err
	}
	return codec.ConvertAll(rows, func(row db.RoundsRow) (*play.Round, error) { return toRound(db.Round(row)) })
}

// UnsettledRounds implements play.Reader.
func (s *Store) UnsettledRounds(ctx context.Context, since, before time.Time, limit int) ([]*play.Round, error) {
	rows, err := s.Reading.UnsettledRounds(ctx, micros.Of(since), micros.Of(before), int64(limit))
	if err != nil {
		return nil, err
	}
	return codec.ConvertAll(rows, func(row db.UnsettledRoundsRow) (*play.Round, error) {
		return &play.Round{Game: row.GameID, Number: uint64(row.Number), Status: play.Committed, ClosedAt: micros.Time(row.ClosedAt)}, nil
	})
}

// Round implements play.Reader.
func (s *Store) Round(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error) {
	row, err := s.Reading.Round(ctx, game, int64(number))
	if err != nil {
		return nil, notFound(err)
	}
	return toRound(row)
}

// LatestSettledRound implements play.Reader.
func (s *Store) LatestSettledRound(ctx context.Context) (*play.Round, error) {
	row, err := s.Reading.LatestSettledRound(ctx)
	if err != nil {
		return nil, notFound(err)
	}
	return toRound(row)
}

// Result implements play.Reader.
func (s *Store) Result(ctx context.Context, game uuid.UUID, round uint64, player uuid.UUID) (play.Result, error) {
	row, err := s.Reading.Result(ctx, game, int64(round), player)
	if err != nil {
		return play.Result{}, notFound(err)
	}
	return play.Result{Game: row.GameID, Round: uint64(row.Round), Player: row.PlayerID, Bets: int(row.Bets), Payout: row.Payout, Balance: row.Balance}, nil
}

func toRound(row db.Round) (*play.Round, error) {
	round := &play.Round{Game: row.GameID, Number: uint64(row.Number), Status: row.Status,
		Dice: craps.Dice{First: uint8(row.FirstDie), Second: uint8(row.SecondDie)}, Call: craps.Call(row.Call),
		Decision: play.Decision{Height: row.Height, BeaconHeight: row.BeaconHeight, BeaconSignature: row.BeaconSignature},
		Sequence: uint64(row.Sequence), ClosedAt: micros.Time(row.ClosedAt), SettledAt: micros.Time(row.SettledAt)}
	return round, codec.DecodeRound(round, row.Commitment, row.State, row.Bets)
}

// Events implements play.Reader.
func (s *Store) Events(ctx context.Context, game uuid.UUID, after uint64, limit int) ([]*play.Event, error) {
	rows, err := s.Reading.Events(ctx, game, int64(after), int64(limit))
	if err != nil {
		return nil, err
	}
	events := make([]*play.Event, len(rows))
	for i, row := range rows {
		events[i] = &play.Event{}
		if err := proto.Unmarshal(row, events[i]); err != nil {
			return nil, fmt.Errorf("event of game %s: %w", game, err)
		}
	}
	return events, nil
}

// TurnsDue implements play.Reader.
func (s *Store) TurnsDue(ctx context.Context, now time.Time, limit int) ([]uuid.UUID, error) {
	return s.Reading.TurnsDue(ctx, micros.Of(now), int64(limit))
}

// IdleGames implements play.Reader.
func (s *Store) IdleGames(ctx context.Context, since time.Time, limit int) ([]uuid.UUID, error) {
	return s.Reading.IdleGames(ctx, micros.Minute(since), micros.Of(since), int64(limit))
}
