package run_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bitcraps/bitcraps/libs/run"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder makes parts that record their starts and stops.
type recorder struct{ log []string }

func (r *recorder) part(name string, startErr error) run.Part {
	return run.Part{
		Name:  name,
		Start: func(context.Context) error { r.log = append(r.log, "start "+name); return startErr },
		Stop:  func(context.Context) error { r.log = append(r.log, "stop "+name); return nil },
	}
}

func TestStartsInOrderAndStopsInReverse(t *testing.T) {
	var r recorder
	group := run.NewGroup(slog.New(slog.DiscardHandler), time.Second)
	group.Add(r.part("store", nil))
	group.Add(r.part("server", nil))
	ctx, cancel := context.WithCancel(t.Context())
	if err := group.Run(ctx, cancel); err != nil {
		t.Errorf("Run: %v", err)
	}
	want := []string{"start store", "start server", "stop server", "stop store"}
	if !slices.Equal(r.log, want) {
		t.Errorf("log = %v, want %v", r.log, want)
	}
}

func TestFailedStartStopsWhatWasStarted(t *testing.T) {
	var r recorder
	broken := errors.New("port in use")
	group := run.NewGroup(slog.New(slog.DiscardHandler), time.Second)
	group.Add(r.part("store", nil))
	group.Add(r.part("server", broken))
	group.Add(r.part("never", nil))
	if err := group.Run(t.Context(), func() { t.Error("ready was called") }); !errors.Is(err, broken) {
		t.Errorf("Run: %v", err)
	}
	want := []string{"start store", "start server", "stop store"}
	if !slices.Equal(r.log, want) {
		t.Errorf("log = %v, want %v", r.log, want)
	}
}

// TestEndDuringStartStopsStarting ends the context during a part's start, which notices it or not.
func TestEndDuringStartStopsStarting(t *testing.T) {
	for name, notice := range map[string]func(context.Context) error{
		"unnoticed": func(context.Context) error { return nil },
		"noticed":   func(ctx context.Context) error { return fmt.Errorf("open: %w", ctx.Err()) },
	} {
		t.Run(name, func(t *testing.T) {
			var r recorder
			ctx, cancel := context.WithCancel(t.Context())
			group := run.NewGroup(slog.New(slog.DiscardHandler), time.Second)
			group.Add(r.part("store", nil))
			group.Add(run.Part{Name: "server", Start: func(ctx context.Context) error { cancel(); return notice(ctx) }})
			group.Add(r.part("never", nil))
			if err := group.Run(ctx, func() { t.Error("ready was called") }); err != nil {
				t.Errorf("Run: %v", err)
			}
			if want := []string{"start store", "stop store"}; !slices.Equal(r.log, want) {
				t.Errorf("log = %v, want %v", r.log, want)
			}
		})
	}
}

func TestFirstFailureEndsTheProcess(t *testing.T) {
	broken := errors.New("disk full")
	stopped := make(chan struct{})
	group := run.NewGroup(slog.New(slog.DiscardHandler), time.Second)
	group.Add(run.Part{Name: "waits", Serve: func() error { <-stopped; return nil },
		Stop: func(context.Context) error { close(stopped); return nil }})
	group.Add(run.Part{Name: "breaks", Serve: func() error { return broken }})
	if err := group.Run(t.Context(), nil); !errors.Is(err, broken) {
		t.Errorf("Run: %v", err)
	}
}

// TestHangingPartIsAbandoned has a store ignore its deadline. The parts that stop after it need time of their own.
func TestHangingPartIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const drain = 20 * time.Second
		release := make(chan struct{})
		defer close(release)
		flushed := errors.New("never asked")
		group := run.NewGroup(slog.New(slog.DiscardHandler), drain)
		group.Add(run.Part{Name: "telemetry", Stop: func(ctx context.Context) error { flushed = ctx.Err(); return nil }})
		group.Add(run.Part{Name: "store", Stop: func(context.Context) error { <-release; return nil }})
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now() // Of the bubble's clock.
		if err := group.Run(ctx, cancel); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run: %v", err)
		}
		if flushed != nil {
			t.Errorf("the telemetry after it: %v", flushed)
		}
		if took := time.Since(began); took > drain+drain/10 {
			t.Errorf("it took %s", took)
		}
	})
}
