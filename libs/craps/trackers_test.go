package craps_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// anyDice generates all outcomes with equal probability.
func anyDice() *rapid.Generator[craps.Dice] {
	return rapid.Map(rapid.IntRange(0, 35), func(i int) craps.Dice { return rolls()[i] })
}

// model remembers every roll, and derives the trackers from all of them.
type model struct {
	since7 []craps.Dice
	made   []uint8
	wins   int
}

func (m *model) roll(r craps.Roll) {
	m.since7 = append(m.since7, r.Dice)
	switch {
	case r.Call == craps.SevenOut:
		*m = model{}
	case r.Total == 7:
		m.since7, m.wins = nil, m.wins+1
	case r.Call == craps.Natural:
		m.wins++
	case r.Call == craps.PointMade:
		m.made, m.wins = append(m.made, r.Total), m.wins+1
	}
}

func (m *model) check(t *rapid.T, state craps.State) {
	totals, pairs, hards := map[uint8]int{}, craps.Pairs(0), map[uint8]bool{}
	for _, d := range m.since7 {
		totals[d.Total()]++
		pairs |= craps.Pair(d.Second, d.First)
		hards[d.Total()] = d.First == d.Second
	}
	for total := uint8(2); total <= 12; total++ {
		if got := state.Since7.Totals.Of(total); got != min(totals[total], craps.MaxTotal) {
			t.Fatalf("%d was rolled %d times, not %d", total, totals[total], got)
		}
	}
	if state.Since7.Pairs != pairs {
		t.Fatalf("pairs %b, want %b", state.Since7.Pairs, pairs)
	}
	for bit, number := range []uint8{4, 6, 8, 10} {
		if got := state.Since7.Hard&(1<<bit) != 0; got != hards[number] {
			t.Fatalf("%d was rolled hard last: %v", number, got)
		}
	}
	if state.Since7.Empty() != (len(m.since7) == 0) {
		t.Fatalf("nothing was rolled since the last 7: %v", state.Since7.Empty())
	}
	made := map[uint8]int{}
	for _, point := range m.made {
		made[point]++
	}
	for _, point := range craps.Points {
		if got := state.Hand.Made.Of(point); got != min(made[point], craps.MaxMade) {
			t.Fatalf("%d was made %d times, not %d", point, made[point], got)
		}
	}
	if state.Hand.Made.Distinct() != len(made) || int(state.Hand.Wins) != min(m.wins, craps.MaxWins) {
		t.Fatalf("%d different points and %d wins, want %d and %d", state.Hand.Made.Distinct(), state.Hand.Wins, len(made), m.wins)
	}
}

func TestTrackersAgreeWithFullHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var state craps.State
		var memory model
		for _, d := range rapid.SliceOfN(anyDice(), 0, 200).Draw(t, "throws") {
			roll := state.Roll(d)
			memory.roll(roll)
			memory.check(t, roll.After)
			state = roll.After
		}
	})
}

func TestComeOut7ClearsSince7ButNotTheHand(t *testing.T) {
	state := after("22 13 33 24 34")
	if !state.Since7.Empty() {
		t.Errorf("a come-out 7 leaves %+v", state.Since7)
	}
	if state.Hand.Wins != 3 || state.Hand.Made.Of(4) != 1 || state.Hand.Made.Of(6) != 1 || state.Rolls != 5 {
		t.Errorf("a come-out 7 leaves the hand at %+v after %d rolls", state.Hand, state.Rolls)
	}
}

func TestCountersStopAtTheirLimits(t *testing.T) {
	state := after(again(50, "33"))
	if got := state.Since7.Totals.Of(6); got != craps.MaxTotal {
		t.Errorf("50 sixes count %d", got)
	}
	for total := uint8(2); total <= 12; total++ {
		if total != 6 && state.Since7.Totals.Of(total) != 0 {
			t.Errorf("50 sixes count for %d", total)
		}
	}
	if state.Hand.Made.Of(6) != craps.MaxMade || state.Hand.Wins != craps.MaxWins || state.Hand.Made.Distinct() != 1 {
		t.Errorf("25 points made leave %+v", state.Hand)
	}
}
