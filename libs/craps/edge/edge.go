// Package edge computes what the house keeps of each wager on average, exactly. It takes the definitions that settlement
// uses, so a change of a pay table or a rule changes the edge that is published.
//
// A live bet is a Markov chain: its states are the table's, as far as the wager sees them, and the number that it stands
// on; the 36 outcomes of the dice lead to others or decide it. What a bet returns on average solves a system of linear
// equations over the states that it can reach, here in rational arithmetic (Kemeny and Snell, Finite Markov Chains,
// chapter 3: absorbing chains).
package edge

import (
	"math/big"
	"sync"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// Of is the house's share of what a bet on the wager costs, stake and commission, on average for each bet made.
func Of(w *craps.Wager) *big.Rat {
	number, state := Start(w)
	return At(w, number, state)
}

// Start is a place where the wager may be bet on: the number that the bet would stand on, and the table's state.
func Start(w *craps.Wager) (number uint8, state craps.State) {
	switch {
	case w.Behind != nil:
		return 4, craps.State{Point: 4, Rolls: 1}
	case w.Place == craps.OnPoint:
		return 0, craps.State{Point: 4, Rolls: 1}
	}
	return 0, craps.State{}
}

// At is the edge of a bet that is made on a number while the table is in a state.
func At(w *craps.Wager, number uint8, state craps.State) *big.Rat {
	stake := w.Multiple(number)
	s := solver{wager: w, stake: stake, values: make(map[node]*big.Rat), open: make(map[node]*mark)}
	cost := big.NewRat(stake+w.CommissionFor(stake), 1)
	back := s.value(s.see(number, state))
	return back.Quo(back.Sub(cost, back), cost)
}

// Table are the edges of all wagers by code. Computing them takes a moment, once.
var Table = sync.OnceValue(func() map[uint16]*big.Rat {
	table := make(map[uint16]*big.Rat)
	for _, w := range craps.Wagers() {
		table[w.Code] = Of(w)
	}
	return table
})
