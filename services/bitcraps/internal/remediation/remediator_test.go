package remediation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"
	"go.uber.org/goleak"

	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/remediation"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const policy = `
limits: {per_hour: 4, target_per_hour: 2, target_pause: 5m}
rules:
  - {alert: Target_Down, action: restart, by: [service, replica]}
  - {alert: Service_Down, action: restart, by: [service]}
  - {alert: SLO_Burn_Rate_High, labels: {severity: critical}, action: rollback, target: game-0}
targets:
  - {executor: fleet, name: game-0, labels: {service: game, replica: "0"}}
  - {executor: fleet, name: game-1, labels: {service: game, replica: "1"}}
  - {executor: fleet, name: api-0, labels: {service: api, replica: "0"}}
`

// fakeExecutor is an executor that sends its actions to a channel.
type fakeExecutor struct {
	actions chan string
	fail    error
}

func (*fakeExecutor) Name() string { return remediation.FleetExecutor }

func (*fakeExecutor) Describe(action remediation.Action, t remediation.Target) (string, error) {
	if action == remediation.Rollback {
		return "", errors.New("it can't")
	}
	return fmt.Sprintf("%s %s", action, t.Name), nil
}

func (h *fakeExecutor) Do(_ context.Context, action remediation.Action, t remediation.Target) (string, error) {
	h.actions <- fmt.Sprintf("%s %s", action, t.Name)
	return "", h.fail
}

// fixture is a running Remediator.
type fixture struct {
	*remediation.Remediator
	t            *testing.T
	fakeExecutor *fakeExecutor
	clock        *clockwork.FakeClock
	tel          *telemetry.Telemetry
	log          *bytes.Buffer
}

func newFixture(t *testing.T, dryRun bool) *fixture {
	t.Helper()
	p, err := load(t, policy)
	if err != nil {
		t.Fatal(err)
	}
	b := &fixture{t: t, fakeExecutor: &fakeExecutor{actions: make(chan string)}, clock: clockwork.NewFakeClock(), log: &bytes.Buffer{}}
	if b.tel, err = telemetry.New(t.Context(), "remediate", "test", telemetry.Default(), b.log); err != nil {
		t.Fatal(err)
	}
	if b.Remediator, err = remediation.New(p, b.fakeExecutor, dryRun, b.clock, b.tel.For("remediate", 0)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- b.Work() }()
	t.Cleanup(func() {
		if err := errors.Join(b.Stop(context.Background()), <-ended, b.tel.Shutdown(context.Background())); err != nil {
			t.Error(err)
		}
	})
	return b
}

// alert is an alert that fires from now on.
func (b *fixture) alert(name string, labels ...string) remediation.Alert {
	a := remediation.Alert{Status: "firing", Labels: map[string]string{"alertname": name}, StartsAt: b.clock.Now(), Fingerprint: fmt.Sprint(name, labels)}
	for i := 0; i < len(labels); i += 2 {
		a.Labels[labels[i]] = labels[i+1]
	}
	return a
}

// handle passes alerts to the Remediator, and wants the given actions.
func (b *fixture) handle(alerts []remediation.Alert, want ...string) {
	b.t.Helper()
	if err := b.Handle(b.t.Context(), alerts); err != nil {
		b.t.Fatal(err)
	}
	for _, w := range want {
		if got := <-b.fakeExecutor.actions; got != w {
			b.t.Errorf("%s was done, want %s", got, w)
		}
	}
}

// wantDecisions waits for as many decisions, and wants these, the earliest first.
func (b *fixture) wantDecisions(want ...string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
	defer cancel()
	for ; ; runtime.Gosched() {
		var got []string
		for _, d := range b.Latest() {
			got = append([]string{strings.TrimSpace(fmt.Sprintf("%s %s %s", d.Alert, d.Target, d.Outcome))}, got...)
		}
		if len(got) >= len(want) || ctx.Err() != nil {
			if fmt.Sprint(got) != fmt.Sprint(want) {
				b.t.Errorf("decided\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			return
		}
	}
}

func TestAlertsLeadToActions(t *testing.T) {
	b := newFixture(t, false)
	down := b.alert("Target_Down", "service", "game", "replica", "1", "instance", "; rm -rf /")
	b.handle([]remediation.Alert{down}, "restart game-1")
	b.handle([]remediation.Alert{down, down}) // Alertmanager repeats.
	b.wantDecisions("Target_Down game-1 done")
	b.handle([]remediation.Alert{
		b.alert("Ledger_Drift"), b.alert("Ledger_Drift"), b.alert("Target_Down", "service", "mesh", "replica", "0"), b.alert("Target_Down"),
		b.alert("SLO_Burn_Rate_High", "severity", "warning"), b.alert("SLO_Burn_Rate_High", "severity", "critical"),
		{Status: "resolved", Labels: map[string]string{"alertname": "Target_Down", "service": "api", "replica": "0"}},
	})
	b.wantDecisions("Target_Down game-1 done", "Ledger_Drift  no_rule", "Target_Down  no_target", "Target_Down  no_target",
		"SLO_Burn_Rate_High  no_rule", "SLO_Burn_Rate_High game-0 no_target")
}

func TestLimits(t *testing.T) {
	b := newFixture(t, false)
	again := func() []remediation.Alert {
		return []remediation.Alert{b.alert("Target_Down", "service", "game", "replica", "0")}
	}
	first := again()
	b.handle(first, "restart game-0")
	b.wantDecisions("Target_Down game-0 done")

	b.clock.Advance(time.Minute)
	second := again()
	b.handle(second) // Within the pause.
	b.clock.Advance(5 * time.Minute)
	b.handle(second, "restart game-0") // It still fires, and the pause is over.
	b.clock.Advance(6 * time.Minute)
	b.handle(again()) // The third time within an hour.
	b.handle([]remediation.Alert{b.alert("Service_Down", "service", "game")}, "restart game-1")
	b.handle([]remediation.Alert{b.alert("Service_Down", "service", "api")}, "restart api-0")
	b.clock.Advance(6 * time.Minute)
	b.handle([]remediation.Alert{b.alert("Target_Down", "service", "api", "replica", "0")}) // The fifth of all within an hour.
	b.clock.Advance(time.Hour)
	b.handle(again(), "restart game-0")

	var reasons []string
	for _, d := range b.Latest() {
		if d.Outcome == remediation.Limited {
			_, reason, _ := strings.Cut(d.Detail, "(")
			reasons = append(reasons, reason)
		}
	}
	want := "limits.per_hour) limits.target_per_hour) limits.target_per_hour) limits.target_pause)"
	if got := strings.Join(reasons, " "); got != want {
		t.Errorf("the limits were %s, want %s", got, want)
	}
}

func TestFailuresAreNotRetried(t *testing.T) {
	b := newFixture(t, false)
	b.fakeExecutor.fail = errors.New("the disk is full")
	down := []remediation.Alert{b.alert("Target_Down", "service", "game", "replica", "0")}
	b.handle(down, "restart game-0")
	b.clock.Advance(time.Hour)
	b.handle(down)
	b.wantDecisions("Target_Down game-0 failed")
	b.fakeExecutor.fail = fmt.Errorf("%w: it runs", remediation.ErrUnneeded)
	b.handle([]remediation.Alert{b.alert("Target_Down", "service", "game", "replica", "0")}, "restart game-0")
	b.wantDecisions("Target_Down game-0 failed", "Target_Down game-0 unneeded")
	if detail := b.Latest()[1].Detail; detail != "the disk is full" {
		t.Errorf("the reason of the failure is %q", detail)
	}
}

// TestUnneededActionsDoNotCount handles as many alerts about a target that is up again as the hourly limit allows actions.
func TestUnneededActionsDoNotCount(t *testing.T) {
	b := newFixture(t, false)
	down := func() []remediation.Alert {
		b.clock.Advance(time.Second)
		return []remediation.Alert{b.alert("Target_Down", "service", "game", "replica", "0")}
	}
	b.fakeExecutor.fail = fmt.Errorf("%w: it runs", remediation.ErrUnneeded)
	var want []string
	for range 4 {
		b.handle(down(), "restart game-0")
		want = append(want, "Target_Down game-0 unneeded")
		b.wantDecisions(want...)
	}
	b.fakeExecutor.fail = nil
	b.handle(down(), "restart game-0")
	b.wantDecisions(append(want, "Target_Down game-0 done")...)
}

// TestStopWaitsForRunningAction stops while the executor is blocked in an action.
func TestStopWaitsForRunningAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := load(t, policy)
		if err != nil {
			t.Fatal(err)
		}
		h := &fakeExecutor{actions: make(chan string)}
		r, err := remediation.New(p, h, false, clockwork.NewRealClock(), telemetry.Discard().For("remediate", 0))
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = r.Work() }()
		down := remediation.Alert{Status: "firing", Labels: map[string]string{"alertname": "Service_Down", "service": "api"}}
		if err := r.Handle(t.Context(), []remediation.Alert{down}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // It acts.
		stopped := make(chan error, 1)
		go func() { stopped <- r.Stop(context.Background()) }()
		synctest.Wait()
		if len(stopped) > 0 {
			t.Error("it stopped during an action")
		}
		<-h.actions
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if noted := r.Latest(); len(noted) != 1 || noted[0].Outcome != remediation.Done {
			t.Errorf("recorded %+v", noted)
		}
	})
}

func TestDryRunDoesNothing(t *testing.T) {
	b := newFixture(t, true)
	b.handle([]remediation.Alert{b.alert("Service_Down", "service", "game")})
	b.wantDecisions("Service_Down game-0 dry_run", "Service_Down game-1 dry_run")
}

// TestEveryDecisionIsAudited checks the log, and the metrics, whose label values are bounded by the policy.
func TestEveryDecisionIsAudited(t *testing.T) {
	b := newFixture(t, true)
	for i := range 300 {
		b.handle([]remediation.Alert{b.alert(fmt.Sprintf("Strange_%d", i))})
	}
	b.handle([]remediation.Alert{b.alert("Target_Down", "service", "api", "replica", "0")})
	if n := len(b.Latest()); n != 100 {
		t.Errorf("%d decisions are remembered", n)
	}
	families, err := b.tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := 0
	for _, family := range families {
		if family.GetName() == "bitcraps_remediation_decisions_total" {
			series = len(family.GetMetric())
		}
	}
	if series != 2 {
		t.Errorf("there are %d series, want one for alerts without a rule and one for the dry run", series)
	}
	if err := b.tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.log.String()), "\n")
	last := lines[len(lines)-1]
	if len(lines) != 301 || strings.Count(b.log.String(), `"audit":true`) != len(lines) {
		t.Errorf("%d lines", len(lines))
	}
	for _, part := range []string{`"alert":"Target_Down"`, `"action":"restart"`, `"remediation_target":"api-0"`, `"outcome":"dry_run"`, `"fingerprint":"Target_Down`} {
		if !strings.Contains(last, part) {
			t.Errorf("%s lacks %s", last, part)
		}
	}
}
