package craps_test

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// moments are states of a table, by what precedes them.
var moments = map[string]craps.State{
	"a new hand":               {},
	"the first point":          after("44"),
	"a come-out 7":             after("34"),
	"a come-out 7, then craps": after("34 11"),
	"a point made":             after("44 44"),
	"a seven-out":              after("44 44 56 55 34"),
}

func TestWindowsOpenAndClose(t *testing.T) {
	open := map[craps.Window]map[string]bool{
		craps.OnComeOut:  {"a new hand": true, "a come-out 7": true, "a come-out 7, then craps": true, "a point made": true, "a seven-out": true},
		craps.OnPoint:    {"the first point": true},
		craps.OnNewHand:  {"a new hand": true, "a seven-out": true},
		craps.OnlySince7: {"a new hand": true, "a come-out 7": true, "a seven-out": true},
	}
	for moment, state := range moments {
		for window, moments := range open {
			if window.Open(state) != moments[moment] {
				t.Errorf("%s after %s: open is %v", window, moment, window.Open(state))
			}
		}
		if !craps.AnyTime.Open(state) || !craps.WithFlat.Open(state) {
			t.Errorf("after %s a window is closed that is always open", moment)
		}
	}
}

func TestEveryWagerHasItsWindowAndLock(t *testing.T) {
	for _, w := range craps.Wagers() {
		place, lock := craps.AnyTime, craps.Never
		switch w.Name {
		case "pass_line", "muggsy":
			place, lock = craps.OnComeOut, craps.WindowClosed
		case "dont_pass":
			place = craps.OnComeOut
		case "come":
			place, lock = craps.OnPoint, craps.OnNumber
		case "dont_come":
			place = craps.OnPoint
		case "odds_pass", "odds_dont_pass", "odds_come", "odds_dont_come":
			place = craps.WithFlat
		case "fire", "ride_line", "replay":
			place, lock = craps.OnNewHand, craps.WindowClosed
		default:
			if w.Settles == craps.Side {
				place, lock = craps.OnlySince7, craps.WindowClosed
			}
		}
		if w.Place != place || w.Lock != lock {
			t.Errorf("%s is placed %s and locked %s, want %s and %s", w.Name, w.Place, w.Lock, place, lock)
		}
	}
}

func TestBetsAreLockedAfterARoll(t *testing.T) {
	for _, tc := range []struct {
		name, throws string
		number       uint8
		removable    bool
	}{
		{name: "pass_line", removable: true},
		{name: "pass_line", throws: "44"},
		{name: "dont_pass", throws: "44", removable: true},
		{name: "come", throws: "44", removable: true},
		{name: "come", throws: "44 45", number: 9},
		{name: "come", throws: "44 45 44", number: 9},
		{name: "dont_come", throws: "44 45", number: 9, removable: true},
		{name: "odds_pass", throws: "44", number: 8, removable: true},
		{name: "odds_come", throws: "44 45 44", number: 9, removable: true},
		{name: "yes_6", throws: "44", removable: true},
		{name: "no_6", throws: "44", removable: true},
		{name: "hard_6", throws: "44 45", removable: true},
		{name: "field", throws: "44", removable: true},
		{name: "muggsy", throws: "34", removable: true},
		{name: "muggsy", throws: "44"},
		{name: "fire", removable: true},
		{name: "fire", throws: "34"},
		{name: "bonus_all", throws: "34", removable: true},
		{name: "bonus_all", throws: "11"},
		{name: "repeater_2", throws: "66"},
	} {
		if got := craps.ByName(tc.name).Removable(craps.Bet{Number: tc.number}, after(tc.throws)); got != tc.removable {
			t.Errorf("%s on %d after %q: removable is %v", tc.name, tc.number, tc.throws, got)
		}
	}
}

// Bets have no trackers of their own, so none may be placed while what it tracks is under way.
func TestSideBetsBeginWithEmptyTrackers(t *testing.T) {
	for moment, state := range moments {
		for _, w := range craps.Wagers() {
			if w.RelevantState == nil || !w.Place.Open(state) {
				continue
			}
			if seen := w.RelevantState(state); seen != (craps.State{}) {
				t.Errorf("%s after %s begins with %+v", w.Name, moment, seen)
			}
		}
	}
}
