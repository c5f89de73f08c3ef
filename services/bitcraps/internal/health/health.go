// Package health is the daily look at a platform that runs: whether its processes answer, what they use, what went wrong since
// yesterday, how long players wait, which alerts are active, and whether validators and ledger are as they must be.
package health

import (
	"context"
	"sync"
	"time"
)

// Verdict is how something is.
type Verdict string

// Verdicts, the best first.
const (
	OK       Verdict = "ok"
	Skipped  Verdict = "skipped" // Nobody was there to ask.
	Degraded Verdict = "degraded"
	Failing  Verdict = "failing"
)

// worse is the worse of two verdicts. What was skipped is no fault.
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
	// Summary says it in a sentence.
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

// Process is one to ask.
type Process struct {
	// Name is what people call it, and Service what it is one of several of; empty where it is several services in one.
	Name, Service string
	// URL is where it has /health, /ready and /metrics; empty where it has none of them.
	URL string
	// State says how its starter finds it; empty where it has none that is known here.
	State string
	PID   int
}

// Target is the platform to look at.
type Target struct {
	Environment string
	Processes   []Process
	// Dir is where it keeps its data, if that is on this machine.
	Dir string
	// Logs are the files that it writes.
	Logs []string
	// Prometheus and Alertmanager are URLs; empty where there are none.
	Prometheus, Alertmanager string
}

// Check looks at everything.
func (t Target) Check(ctx context.Context, now time.Time) Report {
	answers := t.ask(ctx)
	r := Report{Time: now.UTC().Truncate(time.Second), Environment: t.Environment, Verdict: OK}
	r.Steps = []Step{
		machine(ctx, t.Dir), processes(answers), services(answers), resources(answers), recentErrors(t.Logs, now),
		t.latency(ctx, answers), t.alerts(ctx), validators(answers), ledger(answers, now),
	}
	for _, step := range r.Steps {
		r.Verdict = worse(r.Verdict, step.Verdict)
	}
	return r
}

// ask asks every process at the same time.
func (t Target) ask(ctx context.Context) []answer {
	answers := make([]answer, len(t.Processes))
	var asking sync.WaitGroup
	for i, process := range t.Processes {
		asking.Go(func() { answers[i] = ask(ctx, process) })
	}
	asking.Wait()
	return answers
}
