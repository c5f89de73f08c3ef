package craps_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// relevant returns the part of a state that a wager depends on.
func relevant(w *craps.Wager, s craps.State) craps.State {
	if w.RelevantState == nil {
		return craps.State{Point: s.Point}
	}
	return w.RelevantState(s)
}

// reached draws a reachable state. Random rolls alone would hardly ever lead to a long hand, so points are made before them, and most 7s
// are skipped.
func reached(t *rapid.T) craps.State {
	var state craps.State
	for _, point := range rapid.SliceOfN(rapid.SampledFrom(craps.Points[:]), 0, 20).Draw(t, "points") {
		made := craps.Dice{First: point / 2, Second: point - point/2}
		state = state.Roll(made).After.Roll(made).After
	}
	for _, d := range rapid.SliceOfN(anyDice(), 0, 60).Draw(t, "throws") {
		if d.Total() != 7 || rapid.IntRange(0, 4).Draw(t, "seven") == 0 {
			state = state.Roll(d).After
		}
	}
	return state
}

// The solver merges states with the same relevant part, so the rest must affect neither the result of the next roll nor the relevant part
// of the state after it.
func TestIrrelevantStateDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := reached(t)
		bet := craps.Bet{Number: rapid.SampledFrom([]uint8{0, 4, 5, 6, 8, 9, 10}).Draw(t, "number"), Working: rapid.Bool().Draw(t, "working")}
		for _, w := range craps.Wagers() {
			seen := relevant(w, state)
			if twice := relevant(w, seen); twice != seen {
				t.Fatalf("%s: the relevant part is %+v of %+v", w.Name, twice, seen)
			}
			for _, d := range rolls() {
				whole, part := state.Roll(d), seen.Roll(d)
				if a, b := w.Resolve(bet, whole), w.Resolve(bet, part); a != b {
					t.Fatalf("%s in %+v: %v does %+v, and %+v in the relevant part", w.Name, state, d, a, b)
				}
				if a, b := relevant(w, whole.After), relevant(w, part.After); a != b {
					t.Fatalf("%s in %+v: after %v the relevant part is %+v, and %+v from the relevant part before", w.Name, state, d, a, b)
				}
			}
		}
	})
}

// Every win is on a line of the pay table, and only come bets travel, to a number that can be a point.
func TestResultsAreWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := reached(t)
		for _, w := range craps.Wagers() {
			for _, d := range rolls() {
				for _, number := range []uint8{0, 4, 9} {
					result := w.Resolve(craps.Bet{Number: number}, state.Roll(d))
					travels := w.Settles == craps.Pending && number == 0 && result.Number == d.Total()
					if result.Line < 0 || result.Line >= len(w.Pays) || result.Outcome != craps.Win && result.Line != 0 ||
						(result.Outcome == craps.Travel) != (result.Number != 0) || result.Outcome == craps.Travel && !travels {
						t.Fatalf("%s on %d in %+v: %v does %+v", w.Name, number, state, d, result)
					}
				}
			}
		}
	})
}
