// Package load puts load on the platform: players on connections of their own, each sending its next call as soon as the
// last one is answered. What it measures includes its own work, which shares the machine.
package load

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Result is what a run of calls took.
type Result struct {
	PerSecond float64 `json:"per_second"`
	Latency
}

// Caller makes one call after another. Next prepares what the next call needs, which is not measured as its latency, and
// Call makes it.
type Caller interface {
	Next(ctx context.Context) error
	Call(ctx context.Context) error
}

// warmup is the share of a run that is not counted: connections open, caches fill.
const warmup = 10

// Run has n callers call for a while. The first error ends it.
func Run(ctx context.Context, n int, duration time.Duration, dial func() (Caller, error)) (Result, error) {
	callers := make([]Caller, n)
	for i := range callers {
		var err error
		if callers[i], err = dial(); err != nil {
			return Result{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, duration+time.Minute)
	defer cancel()
	var running sync.WaitGroup
	took, failed := make([][]time.Duration, n), make([]error, n)
	begin := time.Now().Add(duration / warmup)
	end := begin.Add(duration)
	for i, caller := range callers {
		running.Go(func() {
			took[i], failed[i] = repeat(ctx, caller, begin, end)
			if failed[i] != nil {
				cancel()
			}
		})
	}
	running.Wait()
	if err := cmp.Or(failed...); err != nil {
		return Result{}, err
	}
	all := slices.Concat(took...)
	return Result{PerSecond: float64(len(all)) / duration.Seconds(), Latency: LatencyOf(all)}, nil
}

// repeat returns the times of the calls that ended between begin and end.
func repeat(ctx context.Context, caller Caller, begin, end time.Time) ([]time.Duration, error) {
	var took []time.Duration
	for {
		if err := caller.Next(ctx); err != nil {
			return nil, err
		}
		start := time.Now()
		if err := caller.Call(ctx); err != nil {
			return nil, err
		}
		now := time.Now()
		if now.After(end) {
			return took, nil
		}
		if now.After(begin) {
			took = append(took, now.Sub(start))
		}
	}
}
