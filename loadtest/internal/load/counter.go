package load

import (
	"context"
	"sync/atomic"
)

// Counter counts the calls of callers, including those of the warm-up.
type Counter struct{ calls atomic.Int64 }

// Of returns a caller whose calls are counted.
func (c *Counter) Of(caller Caller) Caller { return countedCaller{caller, c} }

// Calls returns the number of calls.
func (c *Counter) Calls() int64 { return c.calls.Load() }

type countedCaller struct {
	Caller
	counter *Counter
}

// Call implements Caller.
func (c countedCaller) Call(ctx context.Context) error {
	c.counter.calls.Add(1)
	return c.Caller.Call(ctx)
}
