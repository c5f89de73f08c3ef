package remedy

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
	// maxSeen is how many alerts that fire are remembered; the oldest are forgotten, and then acted on anew.
	maxSeen = 10_000
	// maxQueued is how many actions wait for the one that is under way.
	maxQueued = 100
	// actionTimeout is how long one may take.
	actionTimeout = 2 * time.Minute
	// Drain is how long a process with a Remedy needs to stop: an action that is under way ends, and is noted.
	Drain = actionTimeout + 15*time.Second
)

// errBusy means that too many actions wait. Alertmanager tries again.
var errBusy = errors.New("too many actions wait; try again later")

// Remedy decides about alerts and acts, one action after the other: two at once might take away what is left of a service.
type Remedy struct {
	policy   Policy
	executor Executor
	dryRun   bool
	clock    clockwork.Clock
	record   *record
	queue    chan task
	stop     chan struct{}
	ended    chan struct{} // Closed when Work has ended.

	mu    sync.Mutex
	meter meter
	seen  *lru.Cache[string, struct{}] // Alerts that fire and were decided about, with the target.
}

// task is an action that waits.
type task struct {
	decision Decision
	target   Target
	taken    time.Time // When it was counted.
}

// New returns what acts within a policy by an executor, or with dryRun only says what it would do.
func New(policy Policy, executor Executor, dryRun bool, clock clockwork.Clock, scope telemetry.Scope) (*Remedy, error) {
	seen, err := lru.New[string, struct{}](maxSeen)
	if err != nil {
		return nil, err
	}
	return &Remedy{policy: policy, executor: executor, dryRun: dryRun, clock: clock, record: newRecord(scope), queue: make(chan task, maxQueued),
		stop: make(chan struct{}), ended: make(chan struct{}), meter: meter{limits: policy.Limits, each: make(map[string][]time.Time)}, seen: seen}, nil
}

// Handle decides about alerts. What is to be done is done by Work.
func (r *Remedy) Handle(ctx context.Context, alerts []Alert) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range alerts {
		if a.Status != firing {
			continue // Should it fire again, it starts at another time.
		}
		if err := r.decide(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (r *Remedy) decide(ctx context.Context, a Alert) error {
	d := Decision{Time: r.clock.Now().UTC(), Alert: a.Labels[nameLabel], Fingerprint: a.Fingerprint, StartsAt: a.StartsAt}
	rule, ok := r.policy.rule(a)
	if !ok {
		d.Outcome = NoRule
		r.once(ctx, a.key(), d)
		return nil
	}
	d.Action = rule.Action
	targets := r.policy.targets(r.executor.Name(), rule, a.Labels)
	if len(targets) == 0 {
		d.Outcome = NoTarget
		r.once(ctx, a.key(), d)
	}
	for _, t := range targets {
		d.Target = t.Name
		if err := r.consider(ctx, a.key()+" "+t.Name, d, t); err != nil {
			return err
		}
	}
	return nil
}

// consider has an action done, unless it was for this alert or may not be. What a limit refused is looked at again when
// Alertmanager repeats the alert; what failed is not.
func (r *Remedy) consider(ctx context.Context, key string, d Decision, t Target) error {
	if r.seen.Contains(key) {
		return nil
	}
	what, err := r.executor.Describe(d.Action, t)
	if err != nil {
		d.Outcome, d.Detail = NoTarget, err.Error()
		r.once(ctx, key, d)
		return nil
	}
	if len(r.queue) == cap(r.queue) { // Only here is it filled, one alert at a time.
		return errBusy
	}
	now := r.clock.Now()
	if err := r.meter.take(t.Name, now); err != nil {
		d.Outcome, d.Detail = Limited, err.Error()
		r.note(ctx, d)
		return nil
	}
	if r.dryRun {
		d.Outcome, d.Detail = DryRun, what
		r.once(ctx, key, d)
		return nil
	}
	r.seen.Add(key, struct{}{})
	r.queue <- task{d, t, now}
	return nil
}

// once notes a decision, unless it was while the alert fires.
func (r *Remedy) once(ctx context.Context, key string, d Decision) {
	if found, _ := r.seen.ContainsOrAdd(key, struct{}{}); !found {
		r.note(ctx, d)
	}
}

func (r *Remedy) note(ctx context.Context, d Decision) {
	r.record.note(ctx, d, r.policy.alertLabel(d.Alert))
}

// Work acts until Stop. What waits then is not done; Alertmanager repeats its alerts to whoever comes next.
func (r *Remedy) Work() error {
	defer close(r.ended)
	for {
		select {
		case <-r.stop:
			return nil
		case t := <-r.queue:
			r.do(t)
		}
	}
}

// Stop ends Work and waits for the action that is under way: what it comes to must be noted.
func (r *Remedy) Stop(ctx context.Context) error {
	close(r.stop)
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// do takes its own time: a half-done action is worse than one that ends late.
func (r *Remedy) do(t task) {
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
		r.meter.giveBack(t.target.Name, t.taken)
		r.mu.Unlock()
	}
	r.note(ctx, d)
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
