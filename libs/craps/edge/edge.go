// Package edge computes the exact house edge of each wager. It uses the definitions that settlement uses, so a change of a pay table or
// a rule changes the edge that is published.
//
// A live bet is a Markov chain: a state consists of the part of the table's state that the wager depends on and the number that the
// bet stands on; each of the 36 outcomes of the dice leads to another state or decides the bet. The expected return of a bet solves a
// system of linear equations over the states that it can reach, here in rational arithmetic (Kemeny and Snell, Finite Markov Chains,
// chapter 3: absorbing chains).
package edge

import (
	"math/big"
	"sync"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// Of returns the edge of a wager: the share of a bet's cost, stake and commission, that the house keeps on average, for each bet made.
func Of(w *craps.Wager) *big.Rat {
	number, state := Start(w)
	return At(w, number, state)
}

// Start returns a situation in which the wager can be placed: the number that the bet would stand on, and the table's state.
func Start(w *craps.Wager) (number uint8, state craps.State) {
	switch {
	case w.Behind != nil:
		return 4, craps.State{Point: 4, Rolls: 1}
	case w.Place == craps.OnPoint:
		return 0, craps.State{Point: 4, Rolls: 1}
	}
	return 0, craps.State{}
}

// At returns the edge of a bet that is placed on a number while the table is in a state.
func At(w *craps.Wager, number uint8, state craps.State) *big.Rat {
	stake := w.Multiple(number)
	s := solver{wager: w, stake: stake, values: make(map[node]*big.Rat), open: make(map[node]*mark)}
	cost := big.NewRat(stake+w.CommissionFor(stake), 1)
	returned := s.value(s.project(number, state))
	return returned.Quo(returned.Sub(cost, returned), cost)
}

// Table returns the edges of all wagers by code. The first call computes them, which takes a moment.
var Table = sync.OnceValue(func() map[uint16]*big.Rat {
	table := make(map[uint16]*big.Rat)
	for _, w := range craps.Wagers() {
		table[w.Code] = Of(w)
	}
	return table
})
