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
	// Start makes the part ready and returns; nil where there is nothing to start.
	Start func(ctx context.Context) error
	// Serve works until it is stopped; nil where the part only waits to be used. Its return before Stop was called,
	// with or without an error, ends the process.
	Serve func() error
	// Stop ends the part. Its context is the deadline of the whole shutdown, and a short one of its own where those before took
	// all of that. One that does not end with it is left behind. nil where there is nothing to stop.
	Stop func(ctx context.Context) error
}

// Group is the ordered parts of a process.
type Group struct {
	logger *slog.Logger
	drain  time.Duration
	parts  []Part
}

// NewGroup returns an empty group whose parts together get the drain time to stop.
func NewGroup(logger *slog.Logger, drain time.Duration) *Group {
	return &Group{logger: logger, drain: drain}
}

// Add appends a part. It starts behind the parts before it and stops ahead of them.
func (g *Group) Add(part Part) { g.parts = append(g.parts, part) }

// Run starts every part, calls ready when all have started, waits until the context ends or a part fails, and stops every
// started part in reverse. It returns the first failure, and nil where the context's end was the only reason to stop.
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

// start returns how many parts it started. They are fewer than all, without an error, where the context ended meanwhile.
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

// graces is how many graces a drain has. A grace is what a part that ignores its deadline, or comes behind it, gets beyond it.
const graces = 20

// stopPart waits for a part no longer than it may take. A database's pool waits for its connections as long as these wait for the
// server, and the telemetry that would tell of it stops last.
func (g *Group) stopPart(ctx context.Context, part Part) error {
	grace := g.drain / graces
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
	late := time.NewTimer(grace) // One that heeds its deadline ends now, and those behind it should not begin before.
	defer late.Stop()
	select {
	case err := <-ended:
		return err
	case <-late.C:
		return ctx.Err()
	}
}

// SignalContext returns a context that ends with the process's first SIGINT or SIGTERM. A second signal kills.
func SignalContext() (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}
