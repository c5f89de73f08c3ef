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

// Down stops every process of the fleet, callers before the services that they call. It returns the names of the processes that it
// stopped. If the context ends meanwhile, the remaining ones keep running.
func (f *Fleet) Down(ctx context.Context) ([]string, error) {
	running := f.runningNames()
	err := f.stop(ctx, f.names())
	left := f.runningNames()
	return slices.DeleteFunc(running, func(name string) bool { return slices.Contains(left, name) }), err
}

// stop stops processes by their names, stage by stage.
func (f *Fleet) stop(ctx context.Context, names []string) error {
	var failures []error
	for stage := gatewayStage; stage >= storeStage && ctx.Err() == nil; stage-- {
		var mu sync.Mutex
		var stopping sync.WaitGroup
		for _, p := range f.processes() {
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
		failures = append(failures, fmt.Errorf("interrupted: %w; some processes are still running, and `bitcraps fleet down` stops them", err))
	}
	return errors.Join(failures...)
}

// processes returns all processes of the plan, stores first.
func (f *Fleet) processes() []process {
	out := []process{}
	if f.plan.Postgres != "" {
		out = append(out, process{name: postgresName, stage: storeStage, address: f.plan.Postgres, ready: checkListening(f.plan.Postgres)})
	}
	if f.plan.Redis != "" {
		out = append(out, process{name: redisName, stage: storeStage, address: f.plan.Redis, ready: f.pingRedis()})
	}
	return append(out, f.services()...)
}

func (f *Fleet) names() (names []string) {
	for _, p := range f.processes() {
		names = append(names, p.name)
	}
	return names
}

func (f *Fleet) runningNames() (names []string) {
	for _, p := range f.processes() {
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

// State is the state of a process.
type State struct {
	Name string `json:"name"`
	// Service is the service of which it is a replica; empty for a store.
	Service string `json:"service,omitempty"`
	State   string `json:"state"`
	PID     int    `json:"pid,omitempty"`
	Address string `json:"address"`
	// Admin is the address of its admin port; stores have none.
	Admin string `json:"admin,omitempty"`
	Log   string `json:"log"`
}

// Status returns the state of every process. It checks all concurrently, so that one that hangs does not delay the others.
func (f *Fleet) Status(ctx context.Context) []State {
	ctx, cancel := context.WithTimeout(ctx, liveTimeout)
	defer cancel()
	processes := f.processes()
	states := make([]State, len(processes))
	var checks sync.WaitGroup
	for i, p := range processes {
		checks.Go(func() { states[i] = f.state(ctx, p) })
	}
	checks.Wait()
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
