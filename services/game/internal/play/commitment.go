package play

import (
	"slices"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// state is the state of the game in the form that a round's commitment covers.
func (g *Game) state() protocol.State {
	since, hand := g.Craps.Since7, g.Craps.Hand
	return protocol.State{Game: protocol.ID(g.ID), Round: g.Round, Hand: g.Hand, Rolls: g.Craps.Rolls, Point: g.Craps.Point,
		Shooter: protocol.ID(g.Shooter), Totals: since.Totals.Counts(), Pairs: uint32(since.Pairs), Hard: uint8(since.Hard),
		PointsMade: hand.Made.Counts(), PassWins: hand.Wins}
}

// committedBets are the live bets in the form that a round's commitment covers, in the order of their ids.
func (t *Turn) committedBets() []protocol.Bet {
	var bets []protocol.Bet
	for _, bet := range t.Bets {
		if bet.Status == Live {
			bets = append(bets, bet.committed())
		}
	}
	slices.SortFunc(bets, func(a, b protocol.Bet) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return bets
}
