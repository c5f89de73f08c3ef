// Package load generates load on the platform: players on separate connections, each of which makes its next call as soon as the last
// one has returned. The measurements include the load generator's own work on the same machine.
package load

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Result is the measurement of a run.
type Result struct {
	PerSecond float64 `json:"per_second"`
	Latency
}

// Caller makes one call after another. Next prepares the next call, which does not count as its latency, and Call makes it.
type Caller interface {
	Next(ctx context.Context) error
	Call(ctx context.Context) error
}

// warmupDivisor determines the warm-up, the duration divided by it, which is not measured: connections open and caches fill.
const warmupDivisor = 10

// Run makes n callers call for a duration. The first error ends the run and is returned.
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
	running, ctx := errgroup.WithContext(ctx)
	took := make([][]time.Duration, n)
	begin := time.Now().Add(duration / warmupDivisor)
	end := begin.Add(duration)
	for i, caller := range callers {
		running.Go(func() (err error) {
			took[i], err = callUntil(ctx, caller, begin, end)
			return err
		})
	}
	if err := running.Wait(); err != nil {
		return Result{}, err
	}
	all := slices.Concat(took...)
	return Result{PerSecond: float64(len(all)) / duration.Seconds(), Latency: LatencyOf(all)}, nil
}

// callUntil returns the latencies of the calls that ended between begin and end. It checks the context, since callers over REST don't.
func callUntil(ctx context.Context, caller Caller, begin, end time.Time) ([]time.Duration, error) {
	var took []time.Duration
	for ctx.Err() == nil {
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
	return nil, context.Cause(ctx)
}
