package craps_test

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// BenchmarkRoll is one roll of a full table: twenty players, each with all wagers live, come bets and odds on numbers.
func BenchmarkRoll(b *testing.B) {
	type bet struct {
		wager *craps.Wager
		craps.Bet
	}
	var bets []bet
	for player := range 20 {
		for _, w := range craps.Wagers() {
			number := uint8(0)
			if w.Behind != nil || w.Place == craps.OnPoint {
				number = craps.Points[player%len(craps.Points)]
			}
			bets = append(bets, bet{w, craps.Bet{Number: number}})
		}
	}
	throws := rolls()
	var state craps.State
	decided, throw := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		roll := state.Roll(throws[throw])
		for i := range bets {
			if bets[i].wager.Resolve(bets[i].Bet, roll).Outcome != craps.Stay {
				decided++
			}
		}
		state = roll.After
		throw = (throw + 7) % len(throws) // 7 and 36 have no common divisor, so every outcome occurs.
	}
	if decided == 0 {
		b.Error("nothing was decided")
	}
	b.ReportMetric(float64(len(bets)), "bets")
}
