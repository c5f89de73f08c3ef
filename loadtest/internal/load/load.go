// Package load puts load on the platform: players on connections of their own, each sending its next call as soon as the
// last one is answered. What it measures includes its own work, which shares the machine.
package load

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
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

// Run has n callers call for a while. The first error ends it, and is what it returns.
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
	begin := time.Now().Add(duration / warmup)
	end := begin.Add(duration)
	for i, caller := range callers {
		running.Go(func() (err error) {
			took[i], err = repeat(ctx, caller, begin, end)
			return err
		})
	}
	if err := running.Wait(); err != nil {
		return Result{}, err
	}
	all := slices.Concat(took...)
	return Result{PerSecond: float64(len(all)) / duration.Seconds(), Latency: LatencyOf(all)}, nil
}

// repeat returns the times of the calls that ended between begin and end. Callers over REST don't look at the context, so it does.
func repeat(ctx context.Context, caller Caller, begin, end time.Time) ([]time.Duration, error) {
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
