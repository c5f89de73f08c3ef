package run

import (
	"context"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Loop calls a function periodically in the background until it is stopped. Stop does nothing for the zero value.
type Loop struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// Start calls f at once, and then at each tick of the interval at which it is not still running. f's context ends with the loop.
func (l *Loop) Start(clock clockwork.Clock, interval time.Duration, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	ticker := clock.NewTicker(interval)
	l.ended.Go(func() {
		defer ticker.Stop()
		for {
			f(ctx)
			select {
			case <-ticker.Chan():
			case <-ctx.Done():
				return
			}
		}
	})
}

// Stop ends the loop and waits for a running call of the function.
func (l *Loop) Stop() {
	if l.cancel != nil {
		l.cancel()
	}
	l.ended.Wait()
}
