// Package health implements the daily health check of a running platform: whether its processes answer, what resources they use, the
// errors since yesterday, request latency, active alerts, and whether the validators and the ledger are sound.
package health

import (
	"context"
	"sync"
	"time"
)

// Verdict is the result of a step or of the whole check.
type Verdict string

// Verdicts, the best first.
const (
	OK       Verdict = "ok"
	Skipped  Verdict = "skipped" // There was no source to check.
	Degraded Verdict = "degraded"
	Failing  Verdict = "failing"
)

// worse returns the worse of two verdicts. A skipped step is not a fault.
func worse(a, b Verdict) Verdict {
	rank := map[Verdict]int{OK: 0, Skipped: 0, Degraded: 1, Failing: 2}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// Step is one part of the check.
type Step struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	// Summary is the result in one sentence.
	Summary string     `json:"summary"`
	Columns []string   `json:"columns,omitempty"`
	Rows    [][]string `json:"rows,omitempty"`
}

// Report is the whole check.
type Report struct {
	Time        time.Time `json:"time"`
	Environment string    `json:"environment"`
	Verdict     Verdict   `json:"verdict"`
	Steps       []Step    `json:"steps"`
}

// Process is a process to check.
type Process struct {
	// Name is the process's own name, and Service the service of which it is a replica; empty for a process that runs several services.
	Name, Service string
	// URL is the base of its /health, /ready and /metrics; empty where it serves none.
	URL string
	// State is the state that the fleet reports for it; empty where no fleet started it.
	State string
	PID   int
}

// Target is the platform to check.
type Target struct {
	Environment string
	Processes   []Process
	// Dir is its data directory, if that is on this machine.
	Dir string
	// Logs are its log files.
	Logs []string
	// Prometheus and Alertmanager are URLs; empty where there are none.
	Prometheus, Alertmanager string
}

// Check runs every step.
func (t Target) Check(ctx context.Context, now time.Time) Report {
	snapshots := t.query(ctx)
	r := Report{Time: now.UTC().Truncate(time.Second), Environment: t.Environment, Verdict: OK}
	r.Steps = []Step{
		machine(ctx, t.Dir), processes(snapshots), services(snapshots), resources(snapshots), recentErrors(t.Logs, now),
		t.latency(ctx, snapshots), t.alerts(ctx), validators(snapshots), ledger(snapshots, now),
	}
	for _, step := range r.Steps {
		r.Verdict = worse(r.Verdict, step.Verdict)
	}
	return r
}

// query queries all processes concurrently.
func (t Target) query(ctx context.Context) []snapshot {
	snapshots := make([]snapshot, len(t.Processes))
	var queries sync.WaitGroup
	for i, process := range t.Processes {
		queries.Go(func() { snapshots[i] = query(ctx, process) })
	}
	queries.Wait()
	return snapshots
}
