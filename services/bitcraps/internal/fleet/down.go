package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
)

// Down stops every process that the fleet started, those that are called behind those that call. It returns the names of
// those that ran and do not any more. Where the context ends meanwhile, the others run on.
func (f *Fleet) Down(ctx context.Context) ([]string, error) {
	running := f.alive()
	err := f.stop(ctx, f.names())
	left := f.alive()
	return slices.DeleteFunc(running, func(name string) bool { return slices.Contains(left, name) }), err
}

// stop stops processes by their names, a stage at a time.
func (f *Fleet) stop(ctx context.Context, names []string) error {
	var failures []error
	for stage := gatewayStage; stage >= storeStage && ctx.Err() == nil; stage-- {
		var mu sync.Mutex
		var stopping sync.WaitGroup
		for _, p := range f.known() {
			if p.stage != stage || !slices.Contains(names, p.name) {
				continue
			}
			stopping.Go(func() {
				if _, err := f.runner.stop(ctx, p.name); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failures = append(failures, err)
				}
			})
		}
		stopping.Wait()
	}
	if err := ctx.Err(); err != nil {
		failures = append(failures, fmt.Errorf("interrupted: %w; what runs goes on, and `bitcraps fleet down` stops it", err))
	}
	return errors.Join(failures...)
}

// known are all processes that the plan has, stores first.
func (f *Fleet) known() []process {
	out := []process{}
	if f.plan.Postgres != "" {
		out = append(out, process{name: postgresName, stage: storeStage, address: f.plan.Postgres, ready: dials(f.plan.Postgres)})
	}
	if f.plan.Redis != "" {
		out = append(out, process{name: redisName, stage: storeStage, address: f.plan.Redis, ready: f.pings()})
	}
	return append(out, f.services()...)
}

func (f *Fleet) names() (names []string) {
	for _, p := range f.known() {
		names = append(names, p.name)
	}
	return names
}

func (f *Fleet) alive() (names []string) {
	for _, p := range f.known() {
		if _, ok := f.runner.running(p.name); ok {
			names = append(names, p.name)
		}
	}
	return names
}

// States of a process.
const (
	Ready   = "ready"
	Failing = "failing"
	Stopped = "stopped"
)

// State is how a process is.
type State struct {
	Name string `json:"name"`
	// Service is what it is one of; empty for a store.
	Service string `json:"service,omitempty"`
	State   string `json:"state"`
	PID     int    `json:"pid,omitempty"`
	Address string `json:"address"`
	// Admin is where /metrics is; stores have none.
	Admin string `json:"admin,omitempty"`
	Log   string `json:"log"`
}

// Status says how every process is. It asks them all at once, so that one that hangs keeps no other's answer back.
func (f *Fleet) Status(ctx context.Context) []State {
	ctx, cancel := context.WithTimeout(ctx, liveTimeout)
	defer cancel()
	known := f.known()
	states := make([]State, len(known))
	var asking sync.WaitGroup
	for i, p := range known {
		asking.Go(func() { states[i] = f.state(ctx, p) })
	}
	asking.Wait()
	return states
}

func (f *Fleet) state(ctx context.Context, p process) State {
	state := State{Name: p.name, State: Stopped, Address: p.address, Log: f.runner.logFile(p.name)}
	if rec, ok := f.runner.running(p.name); ok {
		state.PID, state.State = rec.PID, Ready
		if p.ready(ctx) != nil {
			state.State = Failing
		}
	}
	for _, m := range f.plan.Members {
		if m.name() == p.name {
			state.Service, state.Admin = m.Service, m.Admin
		}
	}
	return state
}

// tailBytes is how much of a log is shown when its process fails.
const tailBytes = 2 << 10

func tail(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return bytes.TrimSpace(text[max(0, len(text)-tailBytes):])
}
