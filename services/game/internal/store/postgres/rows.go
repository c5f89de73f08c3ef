package postgres

import (
	"fmt"
	"time"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

func toGame(row db.Game) *play.Game {
	return &play.Game{
		ID: row.ID, Status: row.Status, Limits: play.Limits{MaxPlayers: int(row.MaxPlayers), MinBet: row.MinBet, MaxBet: row.MaxBet},
		Hand: uint64(row.Hand), Round: uint64(row.Round), Craps: crapsState(row), Exposure: row.Exposure,
		Rolling: row.Rolling, Shooter: row.ShooterID, Sequence: uint64(row.Sequence), TurnDueAt: fromMicros(row.TurnDueAt),
		CreatedAt: fromMicros(row.CreatedAt), UpdatedAt: fromMicros(row.UpdatedAt),
	}
}

func crapsState(row db.Game) craps.State {
	return craps.State{
		Point: uint8(row.Point), Rolls: uint32(row.Rolls),
		Since7: craps.Since7{Totals: craps.Totals(row.Totals), Pairs: craps.Pairs(row.Pairs), Hard: craps.Hards(row.Hard)},
		Hand:   craps.Hand{Made: craps.Made(row.PointsMade), Wins: uint8(row.PassWins)},
	}
}

func seated(row db.GameRow) *play.Game {
	game := toGame(row.Game)
	for i, number := range row.Numbers {
		game.Seats = append(game.Seats, play.Seat{Number: int(number), Player: row.Players[i], JoinedAt: fromMicros(row.JoinedAt[i])})
	}
	return game
}

func toBet(row db.Bet) (*play.Bet, error) {
	wager := craps.Coded(uint16(row.Wager))
	if wager == nil {
		return nil, fmt.Errorf("bet %s is on wager %d, which this release does not know", row.ID, row.Wager)
	}
	return &play.Bet{ID: row.ID, Game: row.GameID, Player: row.PlayerID, Wager: wager, Number: uint8(row.Number), Working: row.Working,
		Amount: row.Amount, Commission: row.Commission, Seed: row.Seed, Status: row.Status, PlacedRound: uint64(row.PlacedRound), DecidedRound: uint64(row.DecidedRound),
		Payout: row.Payout, PlacedAt: fromMicros(row.PlacedAt)}, nil
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

func toEntry(row db.Transfer, amount, balance int64) play.Entry {
	return play.Entry{ID: row.ID, Amount: amount, Balance: balance, Transfer: ledger.Transfer{From: row.FromAccount, To: row.ToAccount,
		Amount: row.Amount, Reason: row.Reason, Game: row.GameID, Round: uint64(row.Round), Bet: row.BetID, At: fromMicros(row.At)}}
}

// all converts every row, or fails.
func all[R, V any](rows []R, convert func(R) (V, error)) ([]V, error) {
	values := make([]V, len(rows))
	for i, row := range rows {
		var err error
		if values[i], err = convert(row); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// micros is a time as it is stored; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
