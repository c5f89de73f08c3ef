package remediation

import (
	"context"
	"errors"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

const (
	// maxSeen is how many firing alerts are remembered; the oldest are forgotten, and may then be acted on again.
	maxSeen = 10_000
	// maxQueued is how many actions may wait for the running one.
	maxQueued = 100
	// actionTimeout bounds one action.
	actionTimeout = 2 * time.Minute
	// Drain is how long a process with a Remediator needs to stop: the running action finishes and is recorded.
	Drain = actionTimeout + 15*time.Second
)

// errBusy means that the queue is full. Alertmanager retries.
var errBusy = errors.New("too many actions are waiting; try again later")

// Remediator decides about alerts and acts, one action at a time: two at once might take down the last replicas of a service.
type Remediator struct {
	policy   Policy
	executor Executor
	dryRun   bool
	clock    clockwork.Clock
	log      *decisionLog
	queue    chan task
	stop     chan struct{}
	ended    chan struct{} // Closed when Work has returned.

	mu      sync.Mutex
	limiter actionLimiter
	seen    *lru.Cache[string, struct{}] // Firing alerts, with targets, that have been decided about.
}

// task is a queued action.
type task struct {
	decision Decision
	target   Target
	reserved time.Time // When the limiter counted it.
}

// New returns a Remediator that acts within a policy through an executor or, with dryRun, only records what it would do.
func New(policy Policy, executor Executor, dryRun bool, clock clockwork.Clock, scope telemetry.Scope) (*Remediator, error) {
	seen, err := lru.New[string, struct{}](maxSeen)
	if err != nil {
		return nil, err
	}
	return &Remediator{policy: policy, executor: executor, dryRun: dryRun, clock: clock, log: newDecisionLog(scope), queue: make(chan task, maxQueued),
		stop: make(chan struct{}), ended: make(chan struct{}), limiter: actionLimiter{limits: policy.Limits, byTarget: make(map[string][]time.Time)}, seen: seen}, nil
}

// Handle decides about alerts, and queues actions for Work.
func (r *Remediator) Handle(ctx context.Context, alerts []Alert) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range alerts {
		if a.Status != firing {
			continue // If it fires again, it has another start.
		}
		if err := r.decide(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (r *Remediator) decide(ctx context.Context, a Alert) error {
	d := Decision{Time: r.clock.Now().UTC(), Alert: a.Labels[nameLabel], Fingerprint: a.Fingerprint, StartsAt: a.StartsAt}
	rule, ok := r.policy.rule(a)
	if !ok {
		d.Outcome = NoRule
		r.recordOnce(ctx, a.key(), d)
		return nil
	}
	d.Action = rule.Action
	targets := r.policy.targets(r.executor.Name(), rule, a.Labels)
	if len(targets) == 0 {
		d.Outcome = NoTarget
		r.recordOnce(ctx, a.key(), d)
	}
	for _, t := range targets {
		d.Target = t.Name
		if err := r.enqueue(ctx, a.key()+" "+t.Name, d, t); err != nil {
			return err
		}
	}
	return nil
}

// enqueue queues an action, unless the alert was handled before or the action is not allowed. An action that a limit refused is
// considered again when Alertmanager repeats the alert; one that failed is not.
func (r *Remediator) enqueue(ctx context.Context, key string, d Decision, t Target) error {
	if r.seen.Contains(key) {
		return nil
	}
	what, err := r.executor.Describe(d.Action, t)
	if err != nil {
		d.Outcome, d.Detail = NoTarget, err.Error()
		r.recordOnce(ctx, key, d)
		return nil
	}
	if len(r.queue) == cap(r.queue) { // Only this function fills it, and mu is held.
		return errBusy
	}
	now := r.clock.Now()
	if err := r.limiter.reserve(t.Name, now); err != nil {
		d.Outcome, d.Detail = Limited, err.Error()
		r.record(ctx, d)
		return nil
	}
	if r.dryRun {
		d.Outcome, d.Detail = DryRun, what
		r.recordOnce(ctx, key, d)
		return nil
	}
	r.seen.Add(key, struct{}{})
	r.queue <- task{d, t, now}
	return nil
}

// recordOnce records a decision, unless it was recorded before for the same firing of the alert.
func (r *Remediator) recordOnce(ctx context.Context, key string, d Decision) {
	if found, _ := r.seen.ContainsOrAdd(key, struct{}{}); !found {
		r.record(ctx, d)
	}
}

func (r *Remediator) record(ctx context.Context, d Decision) {
	r.log.add(ctx, d, r.policy.alertLabel(d.Alert))
}

// Work executes actions until Stop. Actions that are queued then are dropped; Alertmanager repeats their alerts to the next process.
func (r *Remediator) Work() error {
	defer close(r.ended)
	for {
		select {
		case <-r.stop:
			return nil
		case t := <-r.queue:
			r.execute(t)
		}
	}
}

// Stop ends Work, and waits for the running action, whose outcome must be recorded.
func (r *Remediator) Stop(ctx context.Context) error {
	close(r.stop)
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// execute has a timeout of its own: an unfinished action is worse than one that finishes late.
func (r *Remediator) execute(t task) {
	ctx, cancel := context.WithTimeout(context.Background(), actionTimeout)
	defer cancel()
	d := t.decision
	detail, err := r.executor.Do(ctx, d.Action, t.target)
	d.Time, d.Outcome, d.Detail = r.clock.Now().UTC(), outcome(err), detail
	if err != nil {
		d.Detail = err.Error()
	}
	if d.Outcome == Unneeded || d.Outcome == Limited { // Nothing was done.
		r.mu.Lock()
		r.limiter.release(t.target.Name, t.reserved)
		r.mu.Unlock()
	}
	r.record(ctx, d)
}

func outcome(err error) Outcome {
	switch {
	case err == nil:
		return Done
	case errors.Is(err, ErrUnneeded):
		return Unneeded
	case errors.Is(err, ErrLimit):
		return Limited
	}
	return Failed
}
