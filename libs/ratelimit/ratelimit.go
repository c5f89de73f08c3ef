// Package ratelimit bounds how often something may happen, by key. It is the generic cell rate algorithm: a key keeps one
// time, that at which it will have used up nothing, and each event moves it on by the time that one event is worth.
package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Limiter says whether events may happen. It counts those that may.
type Limiter interface {
	// Allow asks for n events of the key, all or none. n is at most the limit's burst; 0 asks for nothing and looks.
	Allow(ctx context.Context, key string, limit Limit, n int) (Result, error)
}

// Limit is how often events may happen: Rate of them in each Period in the long run, and up to Burst at once.
type Limit struct {
	Rate   int
	Period time.Duration
	Burst  int
}

// Result is an answer.
type Result struct {
	// Allowed is whether the events may happen.
	Allowed bool
	// Remaining is how many more may happen now.
	Remaining int
	// RetryAfter is how long to wait before asking again makes sense; 0 where the events were allowed.
	RetryAfter time.Duration
	// ResetAfter is how long it takes until the whole burst is there again.
	ResetAfter time.Duration
}

const (
	// minInterval is the shortest time that one event may be worth. Times are whole microseconds, which is what Redis has
	// and what its scripts calculate exactly; intervals are rounded up to them.
	minInterval = 10 * time.Microsecond
	// maxRoom is the longest time that a whole burst may be worth.
	maxRoom = 30 * 24 * time.Hour
)

// Validate refuses what can't be calculated exactly.
func (l Limit) Validate() error {
	switch {
	case l.Rate < 1 || l.Burst < 1 || l.Period <= 0:
		return errors.New("a limit's rate, period and burst must be above 0")
	case l.Period/time.Duration(l.Rate) < minInterval:
		return fmt.Errorf("a limit allows at most one event in %s", minInterval)
	case time.Duration(l.interval()) > maxRoom/time.Microsecond/time.Duration(l.Burst):
		return fmt.Errorf("a limit's burst must be there again within %s", maxRoom)
	}
	return nil
}

func (l Limit) check(n int) error {
	if n < 0 || n > l.Burst {
		return fmt.Errorf("%d events at once can never be allowed: the burst is %d", n, l.Burst)
	}
	return l.Validate()
}

// interval is the time that one event is worth, in microseconds.
func (l Limit) interval() int64 {
	rate := time.Duration(l.Rate) * time.Microsecond
	return int64((l.Period + rate - 1) / rate)
}

// take is the algorithm. full is when the key will have its whole burst again, in microseconds since the epoch like now;
// 0 where nothing is known of it. It returns the new full, and how long the events must wait; where they must, nothing is
// taken. gcra.lua does the same.
func (l Limit) take(full, now int64, n int) (next, wait int64) {
	room := l.interval() * int64(l.Burst)
	// Nobody can owe more than a burst: a time beyond is one that a clock set back or a smaller limit left behind.
	full = max(now, min(full, now+room))
	next = full + l.interval()*int64(n)
	if wait = next - room - now; wait > 0 {
		return full, wait
	}
	return next, 0
}

// result renders what take found. used is how far the new full is from now.
func (l Limit) result(used, wait int64) Result {
	free := l.interval()*int64(l.Burst) - used
	return Result{Allowed: wait == 0, Remaining: int(free / l.interval()), RetryAfter: micros(wait), ResetAfter: micros(used)}
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
