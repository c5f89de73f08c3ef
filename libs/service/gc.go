package service

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// headroom is by how many bytes the heap may grow before it is collected. Services keep little alive and allocate much:
	// what a collection costs goes with what lives, so the room between two may be the same whether that is little or much.
	headroom = 96 << 20
	// minPercent and maxPercent are the bounds of that, in percent of what lives: a large heap needs some room all the same, and
	// a small one no more than Go gives it twice over.
	minPercent, maxPercent = 50, 200
	paceInterval           = 2 * time.Second
)

// paceGC sets how much the heap may grow by what lives of it, until the context ends.
func paceGC(ctx context.Context) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}} // GOGC is about both.
	tick := time.NewTicker(paceInterval)
	defer tick.Stop()
	for percent := 0; ; {
		metrics.Read(live)
		if next := gcPercent(live[0].Value.Uint64() + live[1].Value.Uint64()); next*10 < percent*9 || next*9 > percent*10 { // Setting it stops the world.
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

// gcPercent is GOGC where so many bytes live.
func gcPercent(live uint64) int {
	return int(min(max(headroom*100/max(live, 1), minPercent), maxPercent))
}
