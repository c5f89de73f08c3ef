// Package ratelimit limits the rate of events by key. It implements the generic cell rate algorithm (GCRA): a key has a single time, its
// theoretical arrival time (TAT), at which its whole burst is available again, and each event advances it by one emission interval.
package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Limiter decides whether events may happen, and counts those that may.
type Limiter interface {
	// Allow requests n events of the key, all or none. n is at most the limit's burst; 0 only queries the state.
	Allow(ctx context.Context, key string, limit Limit, n int) (Result, error)
}

// Limit is how often events may happen: Rate of them in each Period in the long run, and up to Burst at once.
type Limit struct {
	Rate   int
	Period time.Duration
	Burst  int
}

// Result is a limiter's decision.
type Result struct {
	// Allowed is true if the events may happen.
	Allowed bool
	// Remaining is how many more may happen now.
	Remaining int
	// RetryAfter is how long to wait until the events would be allowed; 0 if they were.
	RetryAfter time.Duration
	// ResetAfter is how long it takes until the whole burst is available again.
	ResetAfter time.Duration
}

const (
	// minInterval is the shortest emission interval. Times are whole microseconds, the resolution of Redis's clock, which its scripts
	// calculate with exactly; intervals are rounded up to them.
	minInterval = 10 * time.Microsecond
	// maxTolerance is the longest time in which a whole burst may become available again.
	maxTolerance = 30 * 24 * time.Hour
)

// Validate returns an error for limits that can't be calculated exactly.
func (l Limit) Validate() error {
	switch {
	case l.Rate < 1 || l.Burst < 1 || l.Period <= 0:
		return errors.New("a limit's rate, period and burst must be above 0")
	case l.Period/time.Duration(l.Rate) < minInterval:
		return fmt.Errorf("a limit allows at most one event in %s", minInterval)
	case time.Duration(l.interval()) > maxTolerance/time.Microsecond/time.Duration(l.Burst):
		return fmt.Errorf("a limit's burst must be available again within %s", maxTolerance)
	}
	return nil
}

func (l Limit) check(n int) error {
	if n < 0 || n > l.Burst {
		return fmt.Errorf("%d events at once can never be allowed: the burst is %d", n, l.Burst)
	}
	return l.Validate()
}

// interval returns the emission interval, the time by which one event advances the TAT, in microseconds.
func (l Limit) interval() int64 {
	rate := time.Duration(l.Rate) * time.Microsecond
	return int64((l.Period + rate - 1) / rate)
}

// take is the algorithm. tat is the key's theoretical arrival time, in microseconds since the epoch like now; 0 for an unknown key. It
// returns the new TAT, and how long the events must wait; if they must, none is counted. gcra.lua does the same.
func (l Limit) take(tat, now int64, n int) (next, wait int64) {
	tolerance := l.interval() * int64(l.Burst)
	// A TAT is at most a burst ahead: one further ahead is left from before the clock was set back or the limit was reduced.
	tat = max(now, min(tat, now+tolerance))
	next = tat + l.interval()*int64(n)
	if wait = next - tolerance - now; wait > 0 {
		return tat, wait
	}
	return next, 0
}

// result converts what take returned to a Result. used is how far the new TAT is ahead of now.
func (l Limit) result(used, wait int64) Result {
	free := l.interval()*int64(l.Burst) - used
	return Result{Allowed: wait == 0, Remaining: int(free / l.interval()), RetryAfter: micros(wait), ResetAfter: micros(used)}
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
