package run_test

import (
	"context"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/run"
)

func TestLoopStartsAtOnceAndStopWaits(t *testing.T) {
	clock, calls := clockwork.NewFakeClock(), make(chan context.Context)
	var loop run.Loop
	loop.Stop() // It has not been started.
	loop.Start(clock, time.Minute, func(ctx context.Context) {
		calls <- ctx
		<-ctx.Done()
	})
	ctx := <-calls
	if ctx.Err() != nil {
		t.Error("it ended as it began")
	}
	loop.Stop()
	if ctx.Err() == nil {
		t.Error("the function still runs")
	}
	loop.Stop()

	ticks := 0
	loop = run.Loop{}
	loop.Start(clock, time.Minute, func(ctx context.Context) {
		ticks++
		select {
		case calls <- ctx:
		case <-ctx.Done():
		}
	})
	<-calls
	for range 3 {
		clock.Advance(time.Minute)
		<-calls
	}
	if loop.Stop(); ticks != 4 {
		t.Errorf("%d calls in three intervals", ticks)
	}
}
