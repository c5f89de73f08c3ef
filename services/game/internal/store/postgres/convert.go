package postgres

import (
	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/codec"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

func toGame(row db.Game) *play.Game {
	return &play.Game{
		ID: row.ID, Status: row.Status, Limits: play.Limits{MaxPlayers: int(row.MaxPlayers), MinBet: row.MinBet, MaxBet: row.MaxBet},
		Host: row.HostID, Private: row.Private, Hand: uint64(row.Hand), Round: uint64(row.Round), Craps: crapsState(row), Exposure: row.Exposure,
		Rolling: row.Rolling, Shooter: row.ShooterID, LeftSeat: int(row.LeftSeat), Sequence: uint64(row.Sequence), TurnDueAt: micros.Time(row.TurnDueAt),
		CreatedAt: micros.Time(row.CreatedAt), UpdatedAt: micros.Time(row.UpdatedAt),
	}
}

func crapsState(row db.Game) craps.State {
	return craps.State{
		Point: uint8(row.Point), Rolls: uint32(row.Rolls),
		Since7: craps.Since7{Totals: craps.Totals(row.Totals), Pairs: craps.Pairs(row.Pairs), Hard: craps.Hards(row.Hard)},
		Hand:   craps.Hand{Made: craps.Made(row.PointsMade), Wins: uint8(row.PassWins)},
	}
}

func toGameWithSeats(row db.GameRow) *play.Game {
	game := toGame(row.Game)
	for i, number := range row.Numbers {
		game.Seats = append(game.Seats, play.Seat{Number: int(number), Player: row.Players[i], JoinedAt: micros.Time(row.JoinedAt[i])})
	}
	return game
}

func toBet(row db.Bet) (*play.Bet, error) {
	wager, err := codec.DecodeWager(row.ID, int64(row.Wager))
	if err != nil {
		return nil, err
	}
	return &play.Bet{ID: row.ID, Game: row.GameID, Player: row.PlayerID, Wager: wager, Number: uint8(row.Number), Working: row.Working,
		Amount: row.Amount, Commission: row.Commission, Seed: row.Seed, Status: row.Status, PlacedRound: uint64(row.PlacedRound), DecidedRound: uint64(row.DecidedRound),
		Payout: row.Payout, PlacedAt: micros.Time(row.PlacedAt)}, nil
}

func toRound(row db.Round) (*play.Round, error) {
	round := &play.Round{Game: row.GameID, Number: uint64(row.Number), Status: row.Status,
		Dice: craps.Dice{First: uint8(row.FirstDie), Second: uint8(row.SecondDie)}, Call: craps.Call(row.Call),
		Decision: play.Decision{Height: row.Height, BeaconHeight: row.BeaconHeight, BeaconSignature: row.BeaconSignature},
		Sequence: uint64(row.Sequence), ClosedAt: micros.Time(row.ClosedAt), SettledAt: micros.Time(row.SettledAt)}
	return round, codec.DecodeRound(round, row.Commitment, row.State, row.Bets)
}

func toEntry(row db.Transfer, amount, balance int64) play.Entry {
	return play.Entry{ID: row.ID, Amount: amount, Balance: balance, Transfer: ledger.Transfer{From: row.FromAccount, To: row.ToAccount,
		Amount: row.Amount, Reason: row.Reason, Game: row.GameID, Round: uint64(row.Round), Bet: row.BetID, At: micros.Time(row.At)}}
}
