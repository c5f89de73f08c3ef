package simulate_test

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/simulate"
)

// BenchmarkPassLine rolls the dice once for every iteration.
func BenchmarkPassLine(b *testing.B) {
	simulation := simulate.New(craps.ByName("pass_line"), simulate.Seeded(1))
	b.ReportAllocs()
	b.ResetTimer()
	if err := simulation.Play(int64(b.N)); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rolls/s")
}

// BenchmarkEveryWager rolls the dice once for each wager in every iteration.
func BenchmarkEveryWager(b *testing.B) {
	for _, w := range craps.Wagers() {
		b.Run(w.Name, func(b *testing.B) {
			simulation := simulate.New(w, simulate.Seeded(1))
			if err := simulation.Play(int64(b.N)); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rolls/s")
		})
	}
}
