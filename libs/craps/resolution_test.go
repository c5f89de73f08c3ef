package craps_test

import (
	"fmt"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// resolution lists the results of totals for a bet. All other totals leave the bet as it is.
type resolution struct {
	name    string
	number  uint8
	point   uint8
	working bool
	wins    []uint8
	loses   []uint8
	pushes  []uint8
	moves   []uint8
}

func (want resolution) check(t *testing.T) {
	t.Helper()
	outcomes := map[uint8]craps.Outcome{}
	for outcome, totals := range map[craps.Outcome][]uint8{craps.Win: want.wins, craps.Lose: want.loses, craps.Push: want.pushes, craps.Travel: want.moves} {
		for _, total := range totals {
			outcomes[total] = outcome
		}
	}
	bet, state := craps.Bet{Number: want.number, Working: want.working}, craps.State{Point: want.point}
	for _, d := range rolls() {
		got := craps.ByName(want.name).Resolve(bet, state.Roll(d))
		if got.Outcome != outcomes[d.Total()] {
			t.Errorf("%s on %d, point %d, working %v: %v does %s, want %s", want.name, want.number, want.point, want.working, d, got.Outcome, outcomes[d.Total()])
		}
		if got.Outcome == craps.Travel && got.Number != d.Total() {
			t.Errorf("%s: %v travels to %d", want.name, d, got.Number)
		}
	}
}

func TestLineBetsHaveTwoPhases(t *testing.T) {
	points := craps.Points[:]
	resolution{name: "pass_line", wins: []uint8{7, 11}, loses: []uint8{2, 3, 12}}.check(t)
	resolution{name: "dont_pass", wins: []uint8{2, 3}, loses: []uint8{7, 11}, pushes: []uint8{12}}.check(t)
	for _, point := range points {
		resolution{name: "pass_line", point: point, wins: []uint8{point}, loses: []uint8{7}}.check(t)
		resolution{name: "dont_pass", point: point, wins: []uint8{7}, loses: []uint8{point}}.check(t)
		resolution{name: "come", point: point, wins: []uint8{7, 11}, loses: []uint8{2, 3, 12}, moves: points}.check(t)
		resolution{name: "dont_come", point: point, wins: []uint8{2, 3}, loses: []uint8{7, 11}, pushes: []uint8{12}, moves: points}.check(t)
	}
}

func TestComeBetsStandOnTheirNumberWhateverThePoint(t *testing.T) {
	for _, number := range craps.Points {
		for _, point := range append([]uint8{0}, craps.Points[:]...) {
			resolution{name: "come", number: number, point: point, wins: []uint8{number}, loses: []uint8{7}}.check(t)
			resolution{name: "dont_come", number: number, point: point, wins: []uint8{7}, loses: []uint8{number}}.check(t)
		}
	}
}

func TestOddsWinAndLoseWithTheirFlatBet(t *testing.T) {
	for _, number := range craps.Points {
		for _, point := range craps.Points {
			resolution{name: "odds_come", number: number, point: point, wins: []uint8{number}, loses: []uint8{7}}.check(t)
			resolution{name: "odds_dont_come", number: number, point: point, wins: []uint8{7}, loses: []uint8{number}}.check(t)
		}
		resolution{name: "odds_pass", number: number, point: number, wins: []uint8{number}, loses: []uint8{7}}.check(t)
		resolution{name: "odds_dont_pass", number: number, point: number, wins: []uint8{7}, loses: []uint8{number}}.check(t)
		resolution{name: "odds_come", number: number, pushes: []uint8{7, number}}.check(t)
		resolution{name: "odds_come", number: number, working: true, wins: []uint8{number}, loses: []uint8{7}}.check(t)
		resolution{name: "odds_dont_come", number: number, wins: []uint8{7}, loses: []uint8{number}}.check(t)
	}
}

func TestOneRollBetsAreDecidedByTheNextRoll(t *testing.T) {
	for _, point := range []uint8{0, 4, 9} {
		resolution{name: "field", point: point, wins: []uint8{2, 3, 4, 9, 10, 11, 12}, loses: []uint8{5, 6, 7, 8}}.check(t)
		resolution{name: "any_craps", point: point, wins: []uint8{2, 3, 12}, loses: []uint8{4, 5, 6, 7, 8, 9, 10, 11}}.check(t)
		for total := uint8(2); total <= 12; total++ {
			next := resolution{name: fmt.Sprintf("next_%d", total), point: point, wins: []uint8{total}}
			for other := uint8(2); other <= 12; other++ {
				if other != total {
					next.loses = append(next.loses, other)
				}
			}
			next.check(t)
		}
	}
}

func TestNumberBetsResolveOnNumberOr7(t *testing.T) {
	for _, number := range []uint8{2, 3, 4, 5, 6, 8, 9, 10, 11, 12} {
		names := []string{fmt.Sprintf("yes_%d", number)}
		if number >= 4 && number <= 10 {
			names = append(names, fmt.Sprintf("place_%d", number))
		}
		for _, name := range names {
			resolution{name: name, point: 8, wins: []uint8{number}, loses: []uint8{7}}.check(t)
			resolution{name: name}.check(t)
			resolution{name: name, working: true, wins: []uint8{number}, loses: []uint8{7}}.check(t)
		}
		for _, point := range []uint8{0, 8} { // No bets are never off.
			resolution{name: fmt.Sprintf("no_%d", number), point: point, wins: []uint8{7}, loses: []uint8{number}}.check(t)
		}
	}
}

func TestHardwaysDistinguishPairs(t *testing.T) {
	for _, number := range []uint8{4, 6, 8, 10} {
		w := craps.ByName(fmt.Sprintf("hard_%d", number))
		for _, d := range rolls() {
			want := craps.Stay
			switch {
			case d.First == number/2 && d.Second == number/2:
				want = craps.Win
			case d.Total() == number, d.Total() == 7:
				want = craps.Lose
			}
			if got := w.Resolve(craps.Bet{}, craps.State{Point: 5}.Roll(d)).Outcome; got != want {
				t.Errorf("%s: %v does %s, want %s", w.Name, d, got, want)
			}
			if got := w.Resolve(craps.Bet{Working: true}, craps.State{}.Roll(d)).Outcome; got != want {
				t.Errorf("%s working on the come-out: %v does %s, want %s", w.Name, d, got, want)
			}
			if got := w.Resolve(craps.Bet{}, craps.State{}.Roll(d)).Outcome; got != craps.Stay {
				t.Errorf("%s off on the come-out: %v does %s", w.Name, d, got)
			}
		}
	}
}

func TestOnlySomeBetsAreOffOnTheComeOut(t *testing.T) {
	for _, w := range craps.Wagers() {
		rests := w.Name == "odds_come"
		switch w.Code {
		case 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 25, 26, 27, 28, 64, 65, 66, 67, 68, 69: // yes, hardways, place
			rests = true
		}
		if w.OffOnComeOut != rests {
			t.Errorf("%s is off on the come-out: %v", w.Name, w.OffOnComeOut)
		}
		for _, d := range rolls() {
			if got := w.Resolve(craps.Bet{Number: 6}, craps.State{}.Roll(d)).Outcome; w.OffOnComeOut && (got == craps.Win || got == craps.Lose) {
				t.Errorf("%s, off on the come-out: %v does %s", w.Name, d, got)
			}
			roll := craps.State{Point: 6}.Roll(d)
			if resting, working := w.Resolve(craps.Bet{Number: 6}, roll), w.Resolve(craps.Bet{Number: 6, Working: true}, roll); resting != working {
				t.Errorf("%s with a point: %v does %s, and %s while working", w.Name, d, resting.Outcome, working.Outcome)
			}
		}
	}
}

func TestWorkingChangesNothingForBetsThatAreNeverOff(t *testing.T) {
	for _, w := range craps.Wagers() {
		for _, d := range rolls() {
			roll := craps.State{}.Roll(d)
			if resting, working := w.Resolve(craps.Bet{Number: 6}, roll), w.Resolve(craps.Bet{Number: 6, Working: true}, roll); !w.OffOnComeOut && resting != working {
				t.Errorf("%s: %v does %s, and %s while working", w.Name, d, resting.Outcome, working.Outcome)
			}
		}
	}
}
