package edge_test

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/edge"
)

// BenchmarkTable solves every wager.
func BenchmarkTable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		for _, w := range craps.Wagers() {
			edge.Of(w)
		}
	}
}

// BenchmarkReplay solves the wager with the most states.
func BenchmarkReplay(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		edge.Of(craps.ByName("replay"))
	}
}
