package game

import (
	"context"
	"math"
	"math/big"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/edge"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// ListWagers implements the contract.
func (s *gameServer) ListWagers(context.Context, *gamev1.ListWagersRequest) (*gamev1.ListWagersResponse, error) {
	hash := craps.PayTableHash()
	resp := &gamev1.ListWagersResponse{PayTableHash: hexOf(hash[:])}
	for _, w := range craps.Wagers() {
		resp.Wagers = append(resp.Wagers, wagerToProto(w))
	}
	return resp, nil
}

func wagerToProto(w *craps.Wager) *gamev1.Wager {
	out := &gamev1.Wager{Code: int32(w.Code), Name: w.Name, Title: w.Title, Aliases: w.Aliases, Rule: w.Rule, Placement: string(w.Place),
		Locked: string(w.Lock), OffOnComeOut: w.OffOnComeOut, StakeMultiple: w.Multiple(0), Commission: string(w.Commission),
		Edge: edgeToProto(edge.Table()[w.Code])}
	if w.Behind != nil {
		out.Behind = w.Behind.Name
	}
	for _, pay := range w.Pays {
		out.Pays = append(out.Pays, &gamev1.Pay{On: pay.On, To: int32(pay.To), Per: int32(pay.Per)})
	}
	for _, times := range w.MaxOdds {
		out.MaxOdds = append(out.MaxOdds, int32(times))
	}
	return out
}

// edgeToProto converts a share to an exact fraction, and to a rounded percentage for display.
func edgeToProto(share *big.Rat) *gamev1.Edge {
	percent, _ := new(big.Rat).Mul(share, big.NewRat(100, 1)).Float64()
	return &gamev1.Edge{Num: share.Num().String(), Den: share.Denom().String(), Percent: math.Round(percent*1e6) / 1e6}
}
