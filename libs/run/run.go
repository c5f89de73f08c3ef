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
	// Stop ends the part. Its context is the deadline of the whole shutdown. nil where there is nothing to stop.
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
		if err := part.Stop(ctx); err != nil {
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

// SignalContext returns a context that ends with the process's first SIGINT or SIGTERM. A second signal kills.
func SignalContext() (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}
