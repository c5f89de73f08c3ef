package postgres

import (
	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

func insertGames(games []*play.Game) db.InsertGamesParams {
	p := updateGames(games)
	return db.InsertGamesParams{
		Ids: p.Ids, Statuses: p.Statuses, Hands: p.Hands, Rounds: p.Rounds, Points: p.Points, Rolls: p.Rolls, Rolling: p.Rolling,
		Shooters: p.Shooters, Sequences: p.Sequences, TurnsDueAt: p.TurnsDueAt, UpdatedAt: p.UpdatedAt, Totals: p.Totals,
		Pairs: p.Pairs, Hard: p.Hard, PointsMade: p.PointsMade, PassWins: p.PassWins, Exposures: p.Exposures,
		MaxPlayers: column(games, func(g *play.Game) int32 { return int32(g.Limits.MaxPlayers) }),
		MinBets:    column(games, func(g *play.Game) int64 { return g.Limits.MinBet }),
		MaxBets:    column(games, func(g *play.Game) int64 { return g.Limits.MaxBet }),
		Hosts:      p.Hosts,
		Private:    column(games, func(g *play.Game) bool { return g.Private }),
		SeatsTaken: p.SeatsTaken,
		LeftSeats:  p.LeftSeats,
		CreatedAt:  column(games, func(g *play.Game) int64 { return micros.Of(g.CreatedAt) }),
	}
}

func updateGames(games []*play.Game) db.UpdateGamesParams {
	return db.UpdateGamesParams{
		Ids:        column(games, func(g *play.Game) uuid.UUID { return g.ID }),
		Statuses:   column(games, func(g *play.Game) int32 { return int32(g.Status) }),
		Hands:      column(games, func(g *play.Game) int64 { return int64(g.Hand) }),
		Rounds:     column(games, func(g *play.Game) int64 { return int64(g.Round) }),
		Points:     column(games, func(g *play.Game) int32 { return int32(g.Craps.Point) }),
		Rolls:      column(games, func(g *play.Game) int64 { return int64(g.Craps.Rolls) }),
		Rolling:    column(games, func(g *play.Game) bool { return g.Rolling }),
		Shooters:   column(games, func(g *play.Game) uuid.UUID { return g.Shooter }),
		Sequences:  column(games, func(g *play.Game) int64 { return int64(g.Sequence) }),
		TurnsDueAt: column(games, func(g *play.Game) int64 { return micros.Of(g.TurnDueAt) }),
		UpdatedAt:  column(games, func(g *play.Game) int64 { return micros.Of(g.UpdatedAt) }),
		Totals:     column(games, func(g *play.Game) int64 { return int64(g.Craps.Since7.Totals) }),
		Pairs:      column(games, func(g *play.Game) int64 { return int64(g.Craps.Since7.Pairs) }),
		Hard:       column(games, func(g *play.Game) int64 { return int64(g.Craps.Since7.Hard) }),
		PointsMade: column(games, func(g *play.Game) int64 { return int64(g.Craps.Hand.Made) }),
		PassWins:   column(games, func(g *play.Game) int64 { return int64(g.Craps.Hand.Wins) }),
		Exposures:  column(games, func(g *play.Game) int64 { return g.Exposure }),
		SeatsTaken: column(games, func(g *play.Game) int32 { return int32(len(g.Seats)) }),
		LeftSeats:  column(games, func(g *play.Game) int32 { return int32(g.LeftSeat) }),
		Hosts:      column(games, func(g *play.Game) uuid.UUID { return g.Host }),
	}
}

func insertBets(bets []*play.Bet) db.InsertBetsParams {
	p := updateBets(bets)
	return db.InsertBetsParams{
		Ids: p.Ids, Numbers: p.Numbers, Working: p.Working, Amounts: p.Amounts, Commissions: p.Commissions, Statuses: p.Statuses,
		DecidedRounds: p.DecidedRounds, Payouts: p.Payouts,
		Games:        column(bets, func(b *play.Bet) uuid.UUID { return b.Game }),
		Players:      column(bets, func(b *play.Bet) uuid.UUID { return b.Player }),
		Wagers:       column(bets, func(b *play.Bet) int32 { return int32(b.Wager.Code) }),
		Seeds:        column(bets, func(b *play.Bet) string { return b.Seed }),
		PlacedRounds: column(bets, func(b *play.Bet) int64 { return int64(b.PlacedRound) }),
		PlacedAt:     column(bets, func(b *play.Bet) int64 { return micros.Of(b.PlacedAt) }),
	}
}

func updateBets(bets []*play.Bet) db.UpdateBetsParams {
	return db.UpdateBetsParams{
		Ids:           column(bets, func(b *play.Bet) uuid.UUID { return b.ID }),
		Numbers:       column(bets, func(b *play.Bet) int32 { return int32(b.Number) }),
		Working:       column(bets, func(b *play.Bet) bool { return b.Working }),
		Amounts:       column(bets, func(b *play.Bet) int64 { return b.Amount }),
		Commissions:   column(bets, func(b *play.Bet) int64 { return b.Commission }),
		Statuses:      column(bets, func(b *play.Bet) int32 { return int32(b.Status) }),
		DecidedRounds: column(bets, func(b *play.Bet) int64 { return int64(b.DecidedRound) }),
		Payouts:       column(bets, func(b *play.Bet) int64 { return b.Payout }),
	}
}

func settleRounds(rounds []*play.Round) db.SettleRoundsParams {
	return db.SettleRoundsParams{
		Games:            column(rounds, func(r *play.Round) uuid.UUID { return r.Game }),
		Numbers:          column(rounds, func(r *play.Round) int64 { return int64(r.Number) }),
		FirstDice:        column(rounds, func(r *play.Round) int32 { return int32(r.Dice.First) }),
		SecondDice:       column(rounds, func(r *play.Round) int32 { return int32(r.Dice.Second) }),
		Calls:            column(rounds, func(r *play.Round) string { return string(r.Call) }),
		Heights:          column(rounds, func(r *play.Round) int64 { return r.Decision.Height }),
		BeaconHeights:    column(rounds, func(r *play.Round) int64 { return r.Decision.BeaconHeight }),
		BeaconSignatures: column(rounds, func(r *play.Round) []byte { return r.Decision.BeaconSignature }),
		Sequences:        column(rounds, func(r *play.Round) int64 { return int64(r.Sequence) }),
		SettledAt:        column(rounds, func(r *play.Round) int64 { return micros.Of(r.SettledAt) }),
	}
}
