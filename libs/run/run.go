// Package run starts the parts of a process in order and stops them in reverse.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Part is something that a process starts and stops.
type Part struct {
	// Name is for the logs.
	Name string
	// Start makes the part ready and returns; nil if there is nothing to start.
	Start func(ctx context.Context) error
	// Serve runs until the part is stopped; nil for a passive part. If it returns before Stop was called, with or without an error, the
	// process ends.
	Serve func() error
	// Stop ends the part. Its context has the deadline of the whole shutdown, or a short one of its own if the parts before have used
	// all of that. A Stop that does not return soon after its context ends is abandoned. nil if there is nothing to stop.
	Stop func(ctx context.Context) error
}

// Group is an ordered group of the parts of a process.
type Group struct {
	logger *slog.Logger
	drain  time.Duration
	parts  []Part
}

// NewGroup returns an empty group. drain is the time that its parts together have to stop.
func NewGroup(logger *slog.Logger, drain time.Duration) *Group {
	return &Group{logger: logger, drain: drain}
}

// Add appends a part. It starts after the parts before it, and stops before them.
func (g *Group) Add(part Part) { g.parts = append(g.parts, part) }

// Run starts every part, calls ready when all have started, waits until the context ends or a part fails, and stops the started parts
// in reverse. It returns the failures; nil if all went well until the context ended.
func (g *Group) Run(ctx context.Context, ready func()) error {
	failed := make(chan error, len(g.parts))
	var serving sync.WaitGroup
	started, err := g.start(ctx, failed, &serving)
	if err == nil && started == len(g.parts) {
		if ready != nil {
			ready()
		}
		select {
		case <-ctx.Done():
		case err = <-failed:
		}
	}
	return errors.Join(err, g.stop(started, &serving))
}

// start returns how many parts it started. If the context ends meanwhile, these are fewer than all, without an error.
func (g *Group) start(ctx context.Context, failed chan<- error, serving *sync.WaitGroup) (int, error) {
	for i, part := range g.parts {
		if ctx.Err() != nil {
			return i, nil
		}
		if part.Start != nil {
			if err := part.Start(ctx); ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				return i, nil
			} else if err != nil {
				return i, fmt.Errorf("%s: %w", part.Name, err)
			}
		}
		if part.Serve != nil {
			serving.Go(func() {
				err := part.Serve()
				if err == nil {
					err = errors.New("ended")
				}
				failed <- fmt.Errorf("%s: %w", part.Name, err)
			})
		}
	}
	return len(g.parts), nil
}

// stop stops the first n parts in reverse under one deadline.
func (g *Group) stop(n int, serving *sync.WaitGroup) error {
	ctx, cancel := context.WithTimeout(context.Background(), g.drain)
	defer cancel()
	var failures []error
	for i := n - 1; i >= 0; i-- {
		part := g.parts[i]
		if part.Stop == nil {
			continue
		}
		g.logger.Debug("stopping", "part", part.Name)
		if err := g.stopPart(ctx, part); err != nil {
			failures = append(failures, fmt.Errorf("stop %s: %w", part.Name, err))
		}
	}
	ended := make(chan struct{})
	go func() { serving.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		failures = append(failures, fmt.Errorf("stopping took longer than %s", g.drain))
	}
	return errors.Join(failures...)
}

// graceDivisor divides the drain time to give the grace period of a part that ignores its deadline, or whose turn comes after it.
const graceDivisor = 20

// stopPart stops a part, and waits for it no longer than its deadline and a grace period. A part may ignore its deadline: a database's
// pool waits for its connections for as long as these wait for the server. Parts must not block the shutdown, since telemetry, which
// would report that, stops last.
func (g *Group) stopPart(ctx context.Context, part Part) error {
	grace := g.drain / graceDivisor
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.Background(), grace)
		defer cancel()
	}
	ended := make(chan error, 1)
	go func() { ended <- part.Stop(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(grace) // A part that heeds its deadline ends now; the next ones should not stop before it has.
	defer late.Stop()
	select {
	case err := <-ended:
		return err
	case <-late.C:
		return ctx.Err()
	}
}

// SignalContext returns a context that ends with the process's first SIGINT or SIGTERM. A second signal kills the process.
func SignalContext() (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}
