package load

import (
	"context"
	"sync/atomic"
)

// Counter counts the calls of callers, those of the warm-up included.
type Counter struct{ calls atomic.Int64 }

// Of returns a caller whose calls are counted.
func (c *Counter) Of(caller Caller) Caller { return counted{caller, c} }

// Calls is how many were made.
func (c *Counter) Calls() int64 { return c.calls.Load() }

type counted struct {
	Caller
	counter *Counter
}

// Call implements Caller.
func (c counted) Call(ctx context.Context) error {
	c.counter.calls.Add(1)
	return c.Caller.Call(ctx)
}
