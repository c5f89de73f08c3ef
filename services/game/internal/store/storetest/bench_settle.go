package storetest

import (
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// BenchSettle measures how many rounds a store settles per second: groups of eight tables, each with eight players who have a
// bet that the roll decides.
func BenchSettle(b *testing.B, open func(b *testing.B) play.Store) {
	const tables = 8
	bench := newBench(b, open(b))
	for b.Loop() {
		b.StopTimer()
		bench.openTables(tables * seatsPerTable)
		var keys []play.Key
		for _, key := range bench.keys {
			if len(keys) == 0 || keys[len(keys)-1].Game != key.Game {
				keys = append(keys, play.Key{Game: key.Game, All: true})
			}
		}
		rounds := make([]*play.Round, len(keys))
		bench.runTurns(keys, func(i int, turn *play.Turn) error {
			err := turn.CloseBetting(uuid.Nil)
			rounds[i] = turn.Round()
			return err
		})
		b.StartTimer()
		bench.runTurns(keys, func(i int, turn *play.Turn) error {
			return turn.Settle(rounds[i], play.Decision{Height: 1, BeaconHeight: 2, BeaconSignature: keys[i].Game[:]})
		})
	}
	b.ReportMetric(float64(b.N*tables)/b.Elapsed().Seconds(), "rounds/s")
}

// runTurns runs one group, which loads, changes and saves a turn for each key.
func (b *bench) runTurns(keys []play.Key, command func(i int, turn *play.Turn) error) {
	b.update(func(tx play.Tx) error {
		turns, err := tx.Load(b.b.Context(), keys...)
		if err != nil {
			return err
		}
		for i, turn := range turns {
			if err := command(i, b.prepare(turn)); err != nil {
				return err
			}
		}
		return tx.Save(b.b.Context(), turns...)
	})
}
