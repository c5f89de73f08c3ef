package craps_test

import (
	"fmt"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// rolls are the 36 outcomes.
func rolls() []craps.Dice {
	var out []craps.Dice
	for first := uint8(1); first <= 6; first++ {
		for second := uint8(1); second <= 6; second++ {
			out = append(out, craps.Dice{First: first, Second: second})
		}
	}
	return out
}

// dice throws a total the easy way where it has one.
func dice(total uint8) craps.Dice {
	first := min(total-1, 6)
	if total%2 == 0 && first == total/2 && first > 1 && first < 6 {
		first++
	}
	return craps.Dice{First: first, Second: total - first}
}

func TestHand(t *testing.T) {
	state := craps.State{}
	for i, step := range []struct {
		total uint8
		call  craps.Call
		point uint8
	}{
		{7, craps.Natural, 0}, {11, craps.Natural, 0}, {2, craps.Craps, 0}, {3, craps.Craps, 0}, {12, craps.Craps, 0},
		{4, craps.PointSet, 4}, {11, craps.Rolled, 4}, {6, craps.Rolled, 4}, {4, craps.PointMade, 0},
		{10, craps.PointSet, 10}, {12, craps.Rolled, 10}, {7, craps.SevenOut, 0},
	} {
		roll := state.Roll(dice(step.total))
		if roll.Call != step.call || roll.After.Point != step.point {
			t.Errorf("roll %d of %d: %s, point %d; want %s, %d", i, step.total, roll.Call, roll.After.Point, step.call, step.point)
		}
		state = roll.After
	}
	if state.Rolls != 0 {
		t.Errorf("a new hand has %d rolls", state.Rolls)
	}
}

// resolution is what totals do to a bet: every total that is not named stays.
type resolution struct {
	name   string
	number uint8
	point  uint8
	wins   []uint8
	loses  []uint8
	pushes []uint8
	moves  []uint8
}

func TestResolutions(t *testing.T) {
	points := []uint8{4, 5, 6, 8, 9, 10}
	for _, tc := range []resolution{
		{name: "pass_line", wins: []uint8{7, 11}, loses: []uint8{2, 3, 12}},
		{name: "pass_line", point: 8, wins: []uint8{8}, loses: []uint8{7}},
		{name: "dont_pass", wins: []uint8{2, 3}, loses: []uint8{7, 11}, pushes: []uint8{12}},
		{name: "dont_pass", point: 5, wins: []uint8{7}, loses: []uint8{5}},
		{name: "come", point: 6, wins: []uint8{7, 11}, loses: []uint8{2, 3, 12}, moves: points},
		{name: "come", point: 6, number: 9, wins: []uint8{9}, loses: []uint8{7}},
		{name: "come", number: 9, wins: []uint8{9}, loses: []uint8{7}},
		{name: "dont_come", point: 6, wins: []uint8{2, 3}, loses: []uint8{7, 11}, pushes: []uint8{12}, moves: points},
		{name: "dont_come", point: 6, number: 4, wins: []uint8{7}, loses: []uint8{4}},
		{name: "odds_pass", point: 4, number: 4, wins: []uint8{4}, loses: []uint8{7}},
		{name: "odds_dont_pass", point: 4, number: 4, wins: []uint8{7}, loses: []uint8{4}},
		{name: "odds_come", point: 6, number: 10, wins: []uint8{10}, loses: []uint8{7}},
		{name: "odds_come", number: 10, pushes: []uint8{7, 10}},
		{name: "odds_dont_come", number: 10, wins: []uint8{7}, loses: []uint8{10}},
		{name: "field", wins: []uint8{2, 3, 4, 9, 10, 11, 12}, loses: []uint8{5, 6, 7, 8}},
		{name: "next_7", wins: []uint8{7}, loses: []uint8{2, 3, 4, 5, 6, 8, 9, 10, 11, 12}},
		{name: "any_craps", wins: []uint8{2, 3, 12}, loses: []uint8{4, 5, 6, 7, 8, 9, 10, 11}},
		{name: "place_6", point: 8, wins: []uint8{6}, loses: []uint8{7}},
		{name: "place_6"},
		{name: "hard_8"},
	} {
		t.Run(fmt.Sprintf("%s on %d, point %d", tc.name, tc.number, tc.point), func(t *testing.T) {
			want := map[uint8]craps.Outcome{}
			for outcome, totals := range map[craps.Outcome][]uint8{craps.Win: tc.wins, craps.Lose: tc.loses, craps.Push: tc.pushes, craps.Travel: tc.moves} {
				for _, total := range totals {
					want[total] = outcome
				}
			}
			for _, d := range rolls() {
				got := craps.Named(tc.name).Resolve(craps.Bet{Number: tc.number}, craps.State{Point: tc.point}.Roll(d))
				if got.Outcome != want[d.Total()] {
					t.Errorf("%v: outcome %d, want %d", d, got.Outcome, want[d.Total()])
				}
				if got.Outcome == craps.Travel && got.Number != d.Total() {
					t.Errorf("%v: travels to %d", d, got.Number)
				}
			}
		})
	}
}

func TestHardwaysTellPairsFromOthers(t *testing.T) {
	for _, d := range rolls() {
		got := craps.Named("hard_8").Resolve(craps.Bet{}, craps.State{Point: 5}.Roll(d)).Outcome
		want := craps.Stay
		switch {
		case d == craps.Dice{First: 4, Second: 4}:
			want = craps.Win
		case d.Total() == 8, d.Total() == 7:
			want = craps.Lose
		}
		if got != want {
			t.Errorf("%v: outcome %d, want %d", d, got, want)
		}
	}
}

func TestRestingBetsWorkOnRequest(t *testing.T) {
	for _, name := range []string{"place_6", "yes_6", "hard_6", "odds_come"} {
		bet := craps.Bet{Number: 6, Working: true}
		if got := craps.Named(name).Resolve(bet, craps.State{}.Roll(craps.Dice{First: 3, Second: 3})).Outcome; got != craps.Win {
			t.Errorf("%s: outcome %d", name, got)
		}
	}
}

func TestDefinitionsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for i, w := range craps.Wagers() {
		if i > 0 && craps.Wagers()[i-1].Code >= w.Code {
			t.Errorf("%s: code %d is not above the one before it", w.Name, w.Code)
		}
		if w.Title == "" || w.Place == "" || len(w.Pays) == 0 || w.Resolve == nil {
			t.Errorf("%s is incomplete", w.Name)
		}
		if (w.Behind != nil) != (w.Place == craps.WithFlat) || w.Behind != nil && len(w.MaxOdds) != len(w.Pays) {
			t.Errorf("%s: odds need a flat bet and a limit for each line", w.Name)
		}
		for _, name := range append([]string{w.Name}, w.Aliases...) {
			if names[name] {
				t.Errorf("%s: %q is taken", w.Name, name)
			}
			names[name] = true
			if craps.Named(name) != w {
				t.Errorf("Named(%q) is not %s", name, w.Name)
			}
		}
	}
}

func TestStakesThatPayExactly(t *testing.T) {
	for _, tc := range []struct {
		name           string
		number         uint8
		multiple, most int64
	}{
		{"pass_line", 0, 1, 0}, {"place_6", 0, 6, 0}, {"place_4", 0, 5, 0}, {"field", 0, 1, 0},
		{"odds_pass", 4, 1, 30}, {"odds_pass", 5, 2, 40}, {"odds_pass", 8, 5, 50},
		{"odds_dont_come", 10, 2, 60}, {"odds_dont_come", 9, 3, 60}, {"odds_dont_come", 6, 6, 60},
	} {
		w := craps.Named(tc.name)
		if got := w.Multiple(tc.number); got != tc.multiple {
			t.Errorf("%s on %d: multiple %d, want %d", tc.name, tc.number, got, tc.multiple)
		}
		if w.Behind != nil && w.MaxStake(tc.number, 10) != tc.most {
			t.Errorf("%s on %d: %d behind 10, want %d", tc.name, tc.number, w.MaxStake(tc.number, 10), tc.most)
		}
	}
}
