package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/micros"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
	"github.com/bitcraps/bitcraps/services/game/internal/store/codec"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

// Game implements play.Reader.
func (s *Store) Game(ctx context.Context, id uuid.UUID) (*play.Game, error) {
	row, err := read(ctx, s, func(q *db.Queries) (db.GameRow, error) { return q.Game(ctx, id) })
	if err != nil {
		return nil, notFound(err)
	}
	return toGameWithSeats(row), nil
}

// OpenGames implements play.Reader.
func (s *Store) OpenGames(ctx context.Context, after uuid.UUID, limit int) ([]*play.Game, error) {
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.OpenGamesRow, error) {
		return q.OpenGames(ctx, cursorOrMax(after), int32(limit))
	})
	return column(rows, func(row db.OpenGamesRow) *play.Game { return toGameWithSeats(db.GameRow(row)) }), err
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
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.Bet, error) {
		return q.BetsOfPlayer(ctx, db.BetsOfPlayerParams{GameID: game, PlayerID: player, After: cursorOrMax(after), Status: int32(status), Count: int32(limit)})
	})
	if err != nil {
		return nil, err
	}
	return codec.ConvertAll(rows, toBet)
}

// LiveBets implements play.Reader.
func (s *Store) LiveBets(ctx context.Context, game uuid.UUID) ([]*play.Bet, error) {
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.Bet, error) { return q.LiveBets(ctx, game) })
	if err != nil {
		return nil, err
	}
	return codec.ConvertAll(rows, toBet)
}

// Rounds implements play.Reader.
func (s *Store) Rounds(ctx context.Context, game uuid.UUID, below uint64, limit int) ([]*play.Round, error) {
	if below == 0 {
		below = math.MaxInt64
	}
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.RoundsRow, error) { return q.Rounds(ctx, game, int64(below), int32(limit)) })
	if err != nil {
		return nil, err
	}
	return codec.ConvertAll(rows, func(row db.RoundsRow) (*play.Round, error) { return toRound(db.Round(row)) })
}

// UnsettledRounds implements play.Reader.
func (s *Store) UnsettledRounds(ctx context.Context, since, before time.Time, limit int) ([]*play.Round, error) {
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.UnsettledRoundsRow, error) {
		return q.UnsettledRounds(ctx, micros.Of(since), micros.Of(before), int32(limit))
	})
	if err != nil {
		return nil, err
	}
	return codec.ConvertAll(rows, func(row db.UnsettledRoundsRow) (*play.Round, error) {
		return &play.Round{Game: row.GameID, Number: uint64(row.Number), Status: play.Committed, ClosedAt: micros.Time(row.ClosedAt)}, nil
	})
}

// Round implements play.Reader.
func (s *Store) Round(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error) {
	return oneRound(read(ctx, s, func(q *db.Queries) ([]db.Round, error) { return q.Round(ctx, game, int64(number)) }))
}

// LatestSettledRound implements play.Reader.
func (s *Store) LatestSettledRound(ctx context.Context) (*play.Round, error) {
	return oneRound(read(ctx, s, func(q *db.Queries) ([]db.Round, error) { return q.LatestSettledRound(ctx) }))
}

// oneRound returns the round of a query that finds at most one.
func oneRound(rows []db.Round, err error) (*play.Round, error) {
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, play.ErrNotFound
	}
	return toRound(rows[0])
}

// Result implements play.Reader.
func (s *Store) Result(ctx context.Context, game uuid.UUID, round uint64, player uuid.UUID) (play.Result, error) {
	row, err := read(ctx, s, func(q *db.Queries) (db.Result, error) { return q.Result(ctx, game, int64(round), player) })
	if err != nil {
		return play.Result{}, notFound(err)
	}
	return play.Result{Game: row.GameID, Round: uint64(row.Round), Player: row.PlayerID, Bets: int(row.Bets), Payout: row.Payout, Balance: row.Balance}, nil
}

// Events implements play.Reader.
func (s *Store) Events(ctx context.Context, game uuid.UUID, after uint64, limit int) ([]*play.Event, error) {
	rows, err := read(ctx, s, func(q *db.Queries) ([][]byte, error) { return q.Events(ctx, game, int64(after), int32(limit)) })
	if err != nil {
		return nil, err
	}
	return codec.ConvertAll(rows, func(row []byte) (*play.Event, error) {
		event := &play.Event{}
		if err := proto.Unmarshal(row, event); err != nil {
			return nil, fmt.Errorf("event of game %s: %w", game, err)
		}
		return event, nil
	})
}

// Entries implements play.Reader.
func (s *Store) Entries(ctx context.Context, player uuid.UUID, below int64, limit int) ([]play.Entry, error) {
	wallet := ledger.Wallet(player)
	if below == 0 {
		below = math.MaxInt64
	} else if has, err := read(ctx, s, func(q *db.Queries) (bool, error) { return q.HasTransfer(ctx, below, wallet.String()) }); err != nil || !has {
		return nil, cmp.Or(err, play.ErrNotFound)
	}
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.Transfer, error) { return q.Entries(ctx, wallet, below, int32(limit)) })
	return column(rows, func(row db.Transfer) play.Entry {
		if row.FromAccount == wallet {
			return toEntry(row, -row.Amount, row.FromBalance)
		}
		return toEntry(row, row.Amount, row.ToBalance)
	}), err
}

// Balance implements play.Reader.
func (s *Store) Balance(ctx context.Context, account ledger.Account) (int64, bool, error) {
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.Account, error) { return q.Accounts(ctx, []string{account.String()}) })
	if err != nil || len(rows) == 0 {
		return 0, false, err
	}
	return rows[0].Balance, true, nil
}

// InPlay implements play.Reader.
func (s *Store) InPlay(ctx context.Context, player uuid.UUID) (int64, error) {
	return read(ctx, s, func(q *db.Queries) (int64, error) { return q.InPlay(ctx, player) })
}

// Protection implements play.Reader.
func (s *Store) Protection(ctx context.Context, player uuid.UUID) (*protection.State, error) {
	rows, err := read(ctx, s, func(q *db.Queries) ([]db.Account, error) {
		return q.Accounts(ctx, []string{ledger.Wallet(player).String()})
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return codec.DecodeProtection(player, rows[0].Protection)
}

// TurnsDue implements play.Reader.
func (s *Store) TurnsDue(ctx context.Context, now time.Time, limit int) ([]uuid.UUID, error) {
	return read(ctx, s, func(q *db.Queries) ([]uuid.UUID, error) { return q.TurnsDue(ctx, micros.Of(now), int32(limit)) })
}

// IdleGames implements play.Reader.
func (s *Store) IdleGames(ctx context.Context, since time.Time, limit int) ([]uuid.UUID, error) {
	return read(ctx, s, func(q *db.Queries) ([]uuid.UUID, error) {
		return q.IdleGames(ctx, micros.Minute(since), micros.Of(since), int32(limit))
	})
}

// notFound translates SQL's error for no rows into the domain's.
func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return play.ErrNotFound
	}
	return err
}
