package craps_test

import (
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// rolls returns the 36 outcomes.
func rolls() []craps.Dice {
	var out []craps.Dice
	for first := uint8(1); first <= 6; first++ {
		for second := uint8(1); second <= 6; second++ {
			out = append(out, craps.Dice{First: first, Second: second})
		}
	}
	return out
}

// throws parses the notation of the tests: "31 52" is a three and a one, then a five and a two.
func throws(text string) []craps.Dice {
	var out []craps.Dice
	for throw := range strings.FieldsSeq(text) {
		out = append(out, craps.Dice{First: throw[0] - '0', Second: throw[1] - '0'})
	}
	return out
}

// after returns the state of a new table after some throws.
func after(text string) craps.State {
	var state craps.State
	for _, d := range throws(text) {
		state = state.Roll(d).After
	}
	return state
}

func TestHandFromComeOutToSevenOut(t *testing.T) {
	state := craps.State{}
	for i, step := range []struct {
		throw string
		call  craps.Call
		point uint8
	}{
		{"34", craps.Natural, 0}, {"56", craps.Natural, 0}, {"11", craps.Craps, 0}, {"12", craps.Craps, 0}, {"66", craps.Craps, 0},
		{"13", craps.PointSet, 4}, {"65", craps.Rolled, 4}, {"33", craps.Rolled, 4}, {"22", craps.PointMade, 0},
		{"64", craps.PointSet, 10}, {"66", craps.Rolled, 10}, {"11", craps.Rolled, 10}, {"43", craps.SevenOut, 0},
	} {
		roll := state.Roll(throws(step.throw)[0])
		if roll.Call != step.call || roll.After.Point != step.point {
			t.Errorf("roll %d of %s: %s, point %d; want %s, %d", i, step.throw, roll.Call, roll.After.Point, step.call, step.point)
		}
		if roll.Before != state || roll.Total != roll.Dice.Total() {
			t.Errorf("roll %d: begins in %+v with a total of %d", i, roll.Before, roll.Total)
		}
		if state = roll.After; step.call != craps.SevenOut && state.Rolls != uint32(i+1) {
			t.Errorf("roll %d: the hand has %d", i, state.Rolls)
		}
	}
	if state != (craps.State{}) {
		t.Errorf("a new hand begins in %+v", state)
	}
}

func TestEveryNumberCanBeThePoint(t *testing.T) {
	for _, d := range rolls() {
		set := craps.State{}.Roll(d)
		point := d.Total() != 2 && d.Total() != 3 && d.Total() != 7 && d.Total() != 11 && d.Total() != 12
		if (set.Call == craps.PointSet) != point || set.After.ComeOut() == point {
			t.Errorf("%v: %s", d, set.Call)
		}
		if made := set.After.Roll(d); point && (made.Call != craps.PointMade || !made.After.ComeOut()) {
			t.Errorf("%v twice: %s", d, made.Call)
		}
	}
}
