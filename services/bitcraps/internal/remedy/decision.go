package remedy

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// Outcome is what became of an alert.
type Outcome string

// Outcomes. Whichever it is, people are told of the alert as well, and of its end.
const (
	Done     Outcome = "done"
	DryRun   Outcome = "dry_run"
	Unneeded Outcome = "unneeded" // There was nothing to do.
	Failed   Outcome = "failed"
	Limited  Outcome = "limited"   // The policy's limits are reached.
	NoRule   Outcome = "no_rule"   // The policy leaves the alert to people.
	NoTarget Outcome = "no_target" // The policy has no target with the alert's labels, or none that the executor can act on so.
)

// Decision is what was decided about an alert, and what came of it.
type Decision struct {
	Time        time.Time `json:"time"`
	Alert       string    `json:"alert"`
	Fingerprint string    `json:"fingerprint"`
	StartsAt    time.Time `json:"starts_at"`
	Action      Action    `json:"action,omitempty"`
	Target      string    `json:"target,omitempty"`
	Outcome     Outcome   `json:"outcome"`
	Detail      string    `json:"detail,omitempty"`
}

// maxDecisions is how many are remembered.
const maxDecisions = 100

// record is where decisions are noted: the audit log, a counter, and a list of the last ones.
type record struct {
	audit *slog.Logger
	total *prometheus.CounterVec

	mu   sync.Mutex
	last []Decision
}

func newRecord(scope telemetry.Scope) *record {
	r := &record{audit: telemetry.Audit(scope.Logger), total: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bitcraps_remediation_decisions_total", Help: "What was decided about alerts, and what came of it."}, []string{"alert", "action", "outcome"})}
	scope.Metrics.MustRegister(r.total)
	return r
}

// note notes a decision. alertLabel is the alert's name in metrics.
func (r *record) note(ctx context.Context, d Decision, alertLabel string) {
	level := slog.LevelInfo
	if d.Outcome == Failed || d.Outcome == Limited {
		level = slog.LevelWarn
	}
	r.audit.Log(ctx, level, "remediation", "alert", d.Alert, "fingerprint", d.Fingerprint, "starts_at", d.StartsAt, "action", d.Action,
		"remediation_target", d.Target, "outcome", d.Outcome, "detail", d.Detail)
	r.total.WithLabelValues(alertLabel, string(d.Action), string(d.Outcome)).Inc()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last = append(r.last, d); len(r.last) > maxDecisions {
		r.last = slices.Delete(r.last, 0, 1)
	}
}

// latest are the last decisions, the latest first.
func (r *record) latest() []Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := append([]Decision{}, r.last...)
	slices.Reverse(out)
	return out
}
