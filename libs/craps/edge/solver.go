package edge

import (
	"math/big"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// outcomes is the number of ordered outcomes of two dice.
const outcomes = 36

// node is a state of a live bet.
type node struct {
	number uint8
	state  craps.State
}

// solver computes the expected return of a stake from each node. It solves one strongly connected component of nodes at a time, after
// the components that it leads to, as Tarjan's algorithm finds them (SIAM J. Comput. 1, 1972).
type solver struct {
	wager  *craps.Wager
	stake  int64
	values map[node]*big.Rat // Of solved nodes.
	open   map[node]*mark    // Nodes on the stack, which are not solved yet.
	stack  []node
}

// mark holds Tarjan's index and low link of a node.
type mark struct {
	index, low int
	moves      moves
}

// moves are the transitions of a bet: how many of the 36 outcomes lead to each node, and what the others pay back in total.
type moves struct {
	to   []move
	paid int64
}

type move struct {
	node node
	ways int64
}

// add counts one more outcome that leads to a node. There are so few nodes that searching a list is faster than a map.
func (m *moves) add(n node) {
	for i := range m.to {
		if m.to[i].node == n {
			m.to[i].ways++
			return
		}
	}
	m.to = append(m.to, move{n, 1})
}

// project drops what the wager does not depend on, so that states that are equivalent for it become one node.
func (s *solver) project(number uint8, state craps.State) node {
	if s.wager.RelevantState == nil {
		return node{number, craps.State{Point: state.Point}}
	}
	return node{number, s.wager.RelevantState(state)}
}

// value returns the expected return of the stake from a node.
func (s *solver) value(n node) *big.Rat {
	if s.values[n] == nil {
		s.visit(n)
	}
	return s.values[n]
}

func (s *solver) visit(n node) *mark {
	m := &mark{index: len(s.stack), low: len(s.stack), moves: s.moves(n)}
	s.open[n] = m
	s.stack = append(s.stack, n)
	for _, move := range m.moves.to {
		next := move.node
		if s.values[next] != nil {
			continue
		}
		seen := s.open[next]
		if seen == nil {
			if seen = s.visit(next); s.values[next] != nil {
				continue
			}
			m.low = min(m.low, seen.low)
		}
		m.low = min(m.low, seen.index)
	}
	if m.low == m.index {
		s.solve(s.stack[m.index:])
		s.stack = s.stack[:m.index]
	}
	return m
}

// moves applies all outcomes of the dice to a node.
func (s *solver) moves(n node) moves {
	var out moves
	for first := uint8(1); first <= 6; first++ {
		for second := uint8(1); second <= 6; second++ {
			roll := n.state.Roll(craps.Dice{First: first, Second: second})
			switch result := s.wager.Resolve(craps.Bet{Number: n.number}, roll); result.Outcome {
			case craps.Win:
				out.paid += s.stake + s.wager.Profit(result.Line, s.stake)
			case craps.Push:
				out.paid += s.stake
			case craps.Stay:
				out.add(s.project(n.number, roll.After))
			case craps.Travel:
				out.add(s.project(result.Number, roll.After))
			}
		}
	}
	return out
}

// solve finds the values of a component: for each node, outcomes * value = paid + the sum over its moves.
func (s *solver) solve(component []node) {
	column := make(map[node]int, len(component))
	for i, n := range component {
		column[n] = i
	}
	rows := make([][]*big.Rat, len(component))
	for i, n := range component {
		row := make([]*big.Rat, len(component)+1)
		for j := range row {
			row[j] = new(big.Rat)
		}
		row[i].SetInt64(outcomes)
		constant := row[len(component)].SetInt64(s.open[n].moves.paid)
		for _, move := range s.open[n].moves.to {
			weight := new(big.Rat).SetInt64(move.ways)
			if j, inside := column[move.node]; inside {
				row[j].Sub(row[j], weight)
			} else {
				constant.Add(constant, weight.Mul(weight, s.values[move.node]))
			}
		}
		rows[i] = row
	}
	eliminate(rows)
	for i, n := range component {
		s.values[n] = rows[i][len(component)]
		delete(s.open, n)
	}
}

// eliminate solves a linear system, each row of which ends with its constant, by Gauss-Jordan elimination; the constants become the
// solution. Pivots are never zero: the matrix is weakly diagonally dominant, and some outcome always leads out of the component.
func eliminate(rows [][]*big.Rat) {
	product := new(big.Rat)
	for i, pivot := range rows {
		inverse := new(big.Rat).Inv(pivot[i])
		for j := i; j < len(pivot); j++ {
			pivot[j].Mul(pivot[j], inverse)
		}
		for k, row := range rows {
			if k == i || row[i].Sign() == 0 {
				continue
			}
			factor := new(big.Rat).Set(row[i])
			for j := i; j < len(row); j++ {
				row[j].Sub(row[j], product.Mul(factor, pivot[j]))
			}
		}
	}
}
