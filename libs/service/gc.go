package service

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// headroom is by how many bytes the heap may grow between collections. Services have little live memory and allocate a lot: the cost
	// of a collection depends on the live memory, so the headroom need not depend on it.
	headroom = 96 << 20
	// minPercent and maxPercent bound the resulting GOGC: a large heap needs some headroom in proportion, and a small one no more than
	// twice what Go gives it by default.
	minPercent, maxPercent = 50, 200
	// gcTuneInterval is how often GOGC is adjusted.
	gcTuneInterval = 2 * time.Second
)

// tuneGC adjusts GOGC to the live memory until the context ends.
func tuneGC(ctx context.Context) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}} // GOGC applies to both.
	tick := time.NewTicker(gcTuneInterval)
	defer tick.Stop()
	for percent := 0; ; {
		metrics.Read(live)
		if next := gcPercent(live[0].Value.Uint64() + live[1].Value.Uint64()); next*10 < percent*9 || next*9 > percent*10 { // Small changes are skipped: setting it stops the world.
			percent = next
			debug.SetGCPercent(percent)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// gcPercent returns GOGC for a number of live bytes.
func gcPercent(live uint64) int {
	return int(min(max(headroom*100/max(live, 1), minPercent), maxPercent))
}
