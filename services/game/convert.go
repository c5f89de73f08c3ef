package game

import (
	"encoding/hex"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

func gameToProto(g *play.Game) *gamev1.Game {
	out := &gamev1.Game{
		GameId: g.ID.String(), Status: g.Status, MaxPlayers: int32(g.Limits.MaxPlayers), MinBet: g.Limits.MinBet, MaxBet: g.Limits.MaxBet,
		Phase: g.Phase(), Point: int32(g.Craps.Point), Hand: int64(g.Hand), Round: int64(g.Round), Rolling: g.Rolling,
		ShooterId: play.IDString(g.Shooter), Sequence: int64(g.Sequence), CreatedAt: timeToProto(g.CreatedAt), UpdatedAt: timeToProto(g.UpdatedAt),
		HostId: play.IDString(g.Host), Private: g.Private,
	}
	for _, seat := range g.Seats {
		out.Seats = append(out.Seats, &gamev1.Seat{Seat: int32(seat.Number), PlayerId: seat.Player.String(), JoinedAt: timeToProto(seat.JoinedAt)})
	}
	return out
}

func betToProto(b *play.Bet) *gamev1.Bet {
	return &gamev1.Bet{
		BetId: b.ID.String(), GameId: b.Game.String(), PlayerId: b.Player.String(), BetType: b.Wager.Name, Number: int32(b.Number),
		Amount: b.Amount, Working: b.Working, ClientSeed: b.Seed, Status: b.Status, PlacedRound: int64(b.PlacedRound),
		DecidedRound: int64(b.DecidedRound), Payout: b.Payout, PlacedAt: timeToProto(b.PlacedAt), Commission: b.Commission,
	}
}

func roundToProto(r *play.Round) *gamev1.Round {
	c := r.Commitment
	out := &gamev1.Round{
		GameId: r.Game.String(), Round: int64(r.Number), Status: r.Status, BetCount: int32(c.BetCount), BetsRoot: hexOf(c.BetsRoot[:]),
		StateHash: hexOf(c.StateHash[:]), PayTableHash: hexOf(c.PayTableHash[:]), Commitment: hexOf(c.Encode()),
		ClosedAt: timeToProto(r.ClosedAt), SettledAt: timeToProto(r.SettledAt),
	}
	if r.Status == play.Settled {
		out.Dice, out.Total = []int32{int32(r.Dice.First), int32(r.Dice.Second)}, int32(r.Dice.Total())
		out.Call, out.DecisionHeight = string(r.Call), r.Decision.Height
		out.BeaconHeight, out.BeaconSignature = r.Decision.BeaconHeight, hexOf(r.Decision.BeaconSignature)
	}
	return out
}

// timeToProto converts a time; the zero time is left out of the answer.
func timeToProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
