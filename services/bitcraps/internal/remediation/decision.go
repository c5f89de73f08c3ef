package remediation

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// Outcome is the outcome of a decision.
type Outcome string

// Outcomes. With any of them, people are notified of the alert as well, and of its end.
const (
	Done     Outcome = "done"
	DryRun   Outcome = "dry_run"
	Unneeded Outcome = "unneeded" // There was nothing to do.
	Failed   Outcome = "failed"
	Limited  Outcome = "limited"   // The policy's limits are reached.
	NoRule   Outcome = "no_rule"   // The policy leaves the alert to people.
	NoTarget Outcome = "no_target" // The policy has no target with the alert's labels, or the executor can't take the action on it.
)

// Decision is a decision about an alert, and its outcome.
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

// maxDecisions is how many decisions are remembered.
const maxDecisions = 100

// decisionLog records decisions: in the audit log, by a counter, and in a list of the latest ones.
type decisionLog struct {
	audit *slog.Logger
	total *prometheus.CounterVec

	mu   sync.Mutex
	last []Decision
}

func newDecisionLog(scope telemetry.Scope) *decisionLog {
	r := &decisionLog{audit: telemetry.Audit(scope.Logger), total: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bitcraps_remediation_decisions_total", Help: "Decisions about alerts, by outcome."}, []string{"alert", "action", "outcome"})}
	scope.Metrics.MustRegister(r.total)
	return r
}

// add records a decision. alertLabel is the alert's name in metrics.
func (r *decisionLog) add(ctx context.Context, d Decision, alertLabel string) {
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

// latest returns the remembered decisions, the latest first.
func (r *decisionLog) latest() []Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := append([]Decision{}, r.last...)
	slices.Reverse(out)
	return out
}
