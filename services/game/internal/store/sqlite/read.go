package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
)

// Game implements play.Reader.
func (s *Store) Game(ctx context.Context, id uuid.UUID) (*play.Game, error) {
	var game *play.Game
	err := s.Read(ctx, func(tx *sql.Tx) (err error) {
		game, err = loadGame(ctx, s.Reading.WithTx(tx), id)
		return err
	})
	return game, err
}

func loadGame(ctx context.Context, q *db.Queries, id uuid.UUID) (*play.Game, error) {
	row, err := q.Game(ctx, id)
	if err != nil {
		return nil, notFound(err)
	}
	return withSeats(ctx, q, row)
}

func withSeats(ctx context.Context, q *db.Queries, row db.Game) (*play.Game, error) {
	seats, err := q.Seats(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	game := &play.Game{
		ID: row.ID, Status: row.Status, Limits: play.Limits{MaxPlayers: int(row.MaxPlayers), MinBet: row.MinBet, MaxBet: row.MaxBet},
		Hand: uint64(row.Hand), Round: uint64(row.Round), Craps: crapsState(row), Exposure: row.Exposure,
		Rolling: row.Rolling != 0, Shooter: row.ShooterID, Sequence: uint64(row.Sequence), TurnDueAt: fromMicros(row.TurnDueAt),
		CreatedAt: fromMicros(row.CreatedAt), UpdatedAt: fromMicros(row.UpdatedAt),
	}
	for _, seat := range seats {
		game.Seats = append(game.Seats, play.Seat{Number: int(seat.Number), Player: seat.PlayerID, JoinedAt: fromMicros(seat.JoinedAt)})
	}
	return game, nil
}

func crapsState(row db.Game) craps.State {
	return craps.State{
		Point: uint8(row.Point), Rolls: uint32(row.Rolls),
		Since7: craps.Since7{Totals: craps.Totals(row.Totals), Pairs: craps.Pairs(row.Pairs), Hard: craps.Hards(row.Hard)},
		Hand:   craps.Hand{Made: craps.Made(row.PointsMade), Wins: uint8(row.PassWins)},
	}
}

// OpenGames implements play.Reader.
func (s *Store) OpenGames(ctx context.Context, behind uuid.UUID, limit int) ([]*play.Game, error) {
	var games []*play.Game
	err := s.Read(ctx, func(tx *sql.Tx) error {
		q := s.Reading.WithTx(tx)
		rows, err := q.OpenGames(ctx, orMax(behind), int64(limit))
		if err != nil {
			return err
		}
		for _, row := range rows {
			game, err := withSeats(ctx, q, row)
			if err != nil {
				return err
			}
			games = append(games, game)
		}
		return nil
	})
	return games, err
}

// orMax is what a list in falling order of ids starts below.
func orMax(behind uuid.UUID) uuid.UUID {
	if behind == uuid.Nil {
		return uuid.Max
	}
	return behind
}

// Bets implements play.Reader.
func (s *Store) Bets(ctx context.Context, game, player uuid.UUID, status gamev1.BetStatus, behind uuid.UUID, limit int) ([]*play.Bet, error) {
	rows, err := s.Reading.BetsOfPlayer(ctx, db.BetsOfPlayerParams{GameID: game, PlayerID: player, Behind: orMax(behind), Status: status, Count: int64(limit)})
	if err != nil {
		return nil, err
	}
	return toBets(rows)
}

// LiveBets implements play.Reader.
func (s *Store) LiveBets(ctx context.Context, game uuid.UUID) ([]*play.Bet, error) {
	rows, err := s.Reading.LiveBets(ctx, game)
	if err != nil {
		return nil, err
	}
	return toBets(rows)
}

func toBets(rows []db.Bet) ([]*play.Bet, error) {
	bets := make([]*play.Bet, len(rows))
	for i, row := range rows {
		var err error
		if bets[i], err = toBet(row); err != nil {
			return nil, err
		}
	}
	return bets, nil
}

func toBet(row db.Bet) (*play.Bet, error) {
	wager := craps.Coded(uint16(row.Wager))
	if wager == nil {
		return nil, fmt.Errorf("bet %s is on wager %d, which this release does not know", row.ID, row.Wager)
	}
	return &play.Bet{ID: row.ID, Game: row.GameID, Player: row.PlayerID, Wager: wager, Number: uint8(row.Number), Working: row.Working != 0,
		Amount: row.Amount, Commission: row.Commission, Seed: row.Seed, Status: row.Status, PlacedRound: uint64(row.PlacedRound), DecidedRound: uint64(row.DecidedRound),
		Payout: row.Payout, PlacedAt: fromMicros(row.PlacedAt)}, nil
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
	return toRounds(rows)
}

// Unsettled implements play.Reader.
func (s *Store) Unsettled(ctx context.Context, before time.Time, limit int) ([]*play.Round, error) {
	rows, err := s.Reading.UnsettledRounds(ctx, micros(before), int64(limit))
	if err != nil {
		return nil, err
	}
	return toRounds(rows)
}

// Round implements play.Reader.
func (s *Store) Round(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error) {
	row, err := s.Reading.Round(ctx, game, int64(number))
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

func toRounds(rows []db.Round) ([]*play.Round, error) {
	rounds := make([]*play.Round, len(rows))
	for i, row := range rows {
		var err error
		if rounds[i], err = toRound(row); err != nil {
			return nil, err
		}
	}
	return rounds, nil
}

func toRound(row db.Round) (*play.Round, error) {
	round := &play.Round{Game: row.GameID, Number: uint64(row.Number), Status: row.Status,
		Dice: craps.Dice{First: uint8(row.FirstDie), Second: uint8(row.SecondDie)}, Call: craps.Call(row.Call),
		Decision: play.Decision{Height: row.Height, BeaconHeight: row.BeaconHeight, BeaconSignature: row.BeaconSignature},
		Sequence: uint64(row.Sequence), ClosedAt: fromMicros(row.ClosedAt), SettledAt: fromMicros(row.SettledAt)}
	var err error
	if round.Commitment, err = protocol.DecodeCommitment(row.Commitment); err == nil && len(row.State) > 0 {
		if round.State, err = protocol.DecodeState(row.State); err == nil {
			round.Bets, err = protocol.DecodeBets(row.Bets)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("round %d of game %s: %w", row.Number, row.GameID, err)
	}
	return round, nil
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

// Entries implements play.Reader.
func (s *Store) Entries(ctx context.Context, account ledger.Account, below int64, limit int) ([]play.Entry, error) {
	if below == 0 {
		below = math.MaxInt64
	}
	var entries []play.Entry
	err := s.Read(ctx, func(tx *sql.Tx) error {
		q := s.Reading.WithTx(tx)
		out, err := q.TransfersFrom(ctx, account, below, int64(limit))
		if err != nil {
			return err
		}
		in, err := q.TransfersTo(ctx, account, below, int64(limit))
		for _, row := range out {
			entries = append(entries, toEntry(row, -row.Amount, row.FromBalance))
		}
		for _, row := range in {
			entries = append(entries, toEntry(row, row.Amount, row.ToBalance))
		}
		return err
	})
	slices.SortFunc(entries, func(a, b play.Entry) int { return cmp.Compare(b.ID, a.ID) })
	return entries[:min(limit, len(entries))], err
}

func toEntry(row db.Transfer, amount, balance int64) play.Entry {
	return play.Entry{ID: row.ID, Amount: amount, Balance: balance, Transfer: ledger.Transfer{From: row.FromAccount, To: row.ToAccount,
		Amount: row.Amount, Reason: row.Reason, Game: row.GameID, Round: uint64(row.Round), Bet: row.BetID, At: fromMicros(row.At)}}
}

// Balance implements play.Reader.
func (s *Store) Balance(ctx context.Context, account ledger.Account) (int64, bool, error) {
	return balance(ctx, s.Reading, account)
}

func balance(ctx context.Context, q *db.Queries, account ledger.Account) (int64, bool, error) {
	balance, err := q.Balance(ctx, account)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return balance, err == nil, err
}

// InPlay implements play.Reader.
func (s *Store) InPlay(ctx context.Context, player uuid.UUID) (int64, error) {
	return s.Reading.InPlay(ctx, player)
}

// TurnsDue implements play.Reader.
func (s *Store) TurnsDue(ctx context.Context, now time.Time, limit int) ([]uuid.UUID, error) {
	return s.Reading.TurnsDue(ctx, micros(now), int64(limit))
}

// Idle implements play.Reader.
func (s *Store) Idle(ctx context.Context, since time.Time, limit int) ([]uuid.UUID, error) {
	return s.Reading.IdleGames(ctx, micros(since), int64(limit))
}
