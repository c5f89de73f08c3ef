package craps_test

import (
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// script has throws from the beginning of a hand, and the outcome of the last one for a side bet; all before leave it as it is. line
// applies only to a win.
type script struct {
	throws  string
	outcome craps.Outcome
	line    int
}

func play(t *testing.T, name string, scripts ...script) {
	t.Helper()
	w := craps.ByName(name)
	for _, script := range scripts {
		var state craps.State
		all := throws(script.throws)
		for i, d := range all {
			want := craps.Result{}
			if i == len(all)-1 && script.outcome != craps.Stay {
				want = craps.Result{Outcome: script.outcome, Line: script.line}
			}
			roll := state.Roll(d)
			if got := w.Resolve(craps.Bet{}, roll); got != want {
				t.Errorf("%s: %q does %s, line %d, at throw %d; want %s, line %d", name, script.throws, got.Outcome, got.Line, i+1, want.Outcome, want.Line)
				break
			}
			state = roll.After
		}
	}
}

// again repeats throws.
func again(times int, text string) string { return strings.Repeat(text+" ", times) }

func TestBonusNeedsEveryTotalBeforeA7(t *testing.T) {
	play(t, "bonus_small",
		script{"11 12 13 14 15", craps.Win, 0}, script{"15 15 66 14 13 11 12", craps.Win, 0},
		script{"11 12 13 14 34", craps.Lose, 0}, script{"34", craps.Lose, 0}, script{"11 12 13 14 66 66", craps.Stay, 0})
	play(t, "bonus_tall",
		script{"66 65 64 63 62", craps.Win, 0}, script{"66 65 64 63 16", craps.Lose, 0}, script{"11 12 13 14 15", craps.Stay, 0})
	play(t, "bonus_all",
		script{"11 12 13 14 15 62 63 64 65 66", craps.Win, 0}, script{"11 12 13 14 15 62 63 64 65 25", craps.Lose, 0},
		script{"11 12 13 14 15 62 63 64 65 65", craps.Stay, 0})
}

func TestRepeatersCountTheirTotal(t *testing.T) {
	throw := map[string]string{"2": "11", "3": "12", "4": "31", "5": "14", "6": "33", "8": "26", "9": "45", "10": "55", "11": "56", "12": "66"}
	times := map[string]int{"2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "8": 6, "9": 5, "10": 4, "11": 3, "12": 2}
	for total, n := range times {
		other := "11"
		if total == "2" {
			other = "12"
		}
		play(t, "repeater_"+total,
			script{again(n, throw[total]), craps.Win, 0},
			script{again(n-1, throw[total]) + other + " " + throw[total], craps.Win, 0},
			script{again(n-1, throw[total]) + other, craps.Stay, 0},
			script{again(n-1, throw[total]) + "34", craps.Lose, 0},
			script{"34", craps.Lose, 0})
	}
}

func TestTwiceHardAllowsNoEasyRollInBetween(t *testing.T) {
	play(t, "twice_hard",
		script{"22 22", craps.Win, 0}, script{"33 33", craps.Win, 0}, script{"44 44", craps.Win, 0}, script{"55 55", craps.Win, 0},
		script{"22 31", craps.Stay, 0},
		script{"22 31 22", craps.Stay, 0}, // The easy 4 cancels the hard one.
		script{"22 31 22 22", craps.Win, 0},
		script{"22 15 22", craps.Win, 0},          // An easy 6 does not affect 4.
		script{"22 33 44 55 31 33", craps.Win, 0}, // Numbers are independent.
		script{"11 11 66 66", craps.Stay, 0},      // 2 and 12 are never easy, and don't count.
		script{"22 34", craps.Lose, 0}, script{"34", craps.Lose, 0})
	// A bet placed after a 7 does not depend on what was rolled before it.
	if state := after("22 22 34 22"); craps.ByName("twice_hard").Resolve(craps.Bet{}, state.Roll(throws("33")[0])).Outcome != craps.Stay {
		t.Error("the 7 does not clear the hard numbers")
	}
}

func TestHotRollerNeedsEveryCombination(t *testing.T) {
	const (
		four, five, six  = "13 22 ", "41 32 ", "15 42 33 "
		eight, nine, ten = "26 53 44 ", "63 45 ", "46 55 "
	)
	play(t, "hot_roller",
		script{"34", craps.Lose, 0},
		script{four + "34", craps.Lose, 0},
		script{four + "41 41 34", craps.Lose, 0},    // The second combination of 5 is missing,
		script{four + "33 42 42 34", craps.Lose, 0}, // and here the third of 6.
		script{four + five, craps.Stay, 0},
		script{four + five + "34", craps.Win, 0},
		script{four + five + six + "34", craps.Win, 1},
		script{ten + nine + eight + "25", craps.Win, 1},
		script{four + five + six + eight + "34", craps.Win, 2},
		script{four + five + six + eight + nine + "34", craps.Win, 3},
		script{four + five + six + eight + nine + ten, craps.Stay, 0},
		script{four + five + six + eight + nine + ten + "34", craps.Win, 4},
		script{six + eight + "11 66 65 34", craps.Win, 0})
}

func TestDifferentDoublesCountEachOnce(t *testing.T) {
	play(t, "different_doubles",
		script{"34", craps.Lose, 0}, script{"11 22 34", craps.Lose, 0}, script{"11 22 11 22 34", craps.Lose, 0},
		script{"11 22 33 34", craps.Win, 0}, script{"11 22 33 44 61", craps.Win, 1}, script{"11 66 55 44 22 34", craps.Win, 2},
		script{"11 22 33 44 55 66", craps.Stay, 0}, script{"11 22 33 44 55 66 34", craps.Win, 3})
}

func TestFireCountsDifferentPointsOfTheHand(t *testing.T) {
	const four, five, six, eight, nine, ten = "13 22 ", "14 23 ", "33 15 ", "44 26 ", "36 45 ", "64 55 "
	play(t, "fire",
		script{"34 34 56 11", craps.Stay, 0}, // No come-out roll ends a hand.
		script{four + "13 34", craps.Lose, 0},
		script{again(5, four) + "13 34", craps.Lose, 0},
		script{four + five + six + "13 34", craps.Lose, 0},
		script{four + five + six + "34 " + eight + "13 34", craps.Win, 0},
		script{four + five + six + eight + nine + "66 44 34", craps.Win, 1},
		script{four + five + six + eight + nine + ten, craps.Stay, 0},
		script{ten + nine + eight + six + five + four + four + "13 34", craps.Win, 2})
}

func TestRideTheLineCountsNaturalsAndPoints(t *testing.T) {
	play(t, "ride_line",
		script{"13 34", craps.Lose, 0}, script{"34 56 13 34", craps.Lose, 0},
		script{"11 12 66 34 56 13 34", craps.Lose, 0}, // Craps are not wins.
		script{"44 56 56 44 34 13 34", craps.Lose, 0}, // While a point is set, 11 does nothing.
		script{"34 56 44 44", craps.Stay, 0},
		script{"34 56 44 44 13 34", craps.Win, 0})
	for wins := 3; wins <= 30; wins++ {
		line := min(wins-3, 8)
		play(t, "ride_line", script{again(wins, "34") + "13 34", craps.Win, line}, script{again(wins, "44 35") + "13 34", craps.Win, line})
	}
}

func TestReplayPaysItsBestTier(t *testing.T) {
	four, five, six := func(n int) string { return again(n, "13 22") }, func(n int) string { return again(n, "14 23") }, func(n int) string { return again(n, "33 15") }
	eight, nine, ten := func(n int) string { return again(n, "44 26") }, func(n int) string { return again(n, "36 45") }, func(n int) string { return again(n, "64 55") }
	const out = "13 34"
	play(t, "replay",
		script{out, craps.Lose, 0},
		script{four(2) + ten(2) + five(2) + nine(2) + six(2) + eight(2) + out, craps.Lose, 0},
		script{six(3) + out, craps.Win, 5}, script{eight(3) + out, craps.Win, 5}, script{six(3) + eight(3) + out, craps.Win, 5},
		script{five(3) + out, craps.Win, 4}, script{nine(3) + six(3) + out, craps.Win, 4},
		script{six(4) + out, craps.Win, 3}, script{eight(4) + nine(3) + out, craps.Win, 3},
		script{four(3) + out, craps.Win, 2}, script{six(4) + five(3) + ten(3) + out, craps.Win, 2},
		script{five(4) + out, craps.Win, 1}, script{nine(4) + four(3) + six(4) + out, craps.Win, 1},
		script{ten(4) + out, craps.Win, 0}, script{nine(4) + six(4) + four(4) + out, craps.Win, 0},
		script{four(4) + five(4), craps.Stay, 0},
		script{six(2) + "34 34 11 " + six(1) + out, craps.Win, 5}, // A come-out 7 does not clear points.
		script{six(9) + out, craps.Win, 3}, script{four(9) + out, craps.Win, 0})
}

func TestMuggsyWinsInTwoWays(t *testing.T) {
	play(t, "muggsy",
		script{"34", craps.Win, 0}, script{"44", craps.Stay, 0}, script{"44 34", craps.Win, 1}, script{"44 44", craps.Lose, 0}, script{"44 45", craps.Lose, 0},
		script{"11", craps.Lose, 0}, script{"12", craps.Lose, 0}, script{"56", craps.Lose, 0}, script{"66", craps.Lose, 0})
	for _, d := range rolls() {
		want := craps.Lose
		if d.Total() == 7 {
			want = craps.Win
		}
		if got := craps.ByName("muggsy").Resolve(craps.Bet{}, after("44").Roll(d)).Outcome; got != want {
			t.Errorf("%v right after the point does %s", d, got)
		}
	}
}
