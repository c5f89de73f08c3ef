package remedy_test

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
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/remedy"
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

// hand is an executor that writes down what it does, in the channel that the test reads.
type hand struct {
	did  chan string
	fail error
}

func (*hand) Name() string { return remedy.FleetExecutor }

func (*hand) Describe(action remedy.Action, t remedy.Target) (string, error) {
	if action == remedy.Rollback {
		return "", errors.New("it can't")
	}
	return fmt.Sprintf("%s %s", action, t.Name), nil
}

func (h *hand) Do(_ context.Context, action remedy.Action, t remedy.Target) (string, error) {
	h.did <- fmt.Sprintf("%s %s", action, t.Name)
	return "", h.fail
}

// bench is a remedy at work.
type bench struct {
	*remedy.Remedy
	t     *testing.T
	hand  *hand
	clock *clockwork.FakeClock
	tel   *telemetry.Telemetry
	log   *bytes.Buffer
}

func newBench(t *testing.T, dryRun bool) *bench {
	t.Helper()
	p, err := load(t, policy)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, hand: &hand{did: make(chan string)}, clock: clockwork.NewFakeClock(), log: &bytes.Buffer{}}
	if b.tel, err = telemetry.New(t.Context(), "remediate", "test", telemetry.Default(), b.log); err != nil {
		t.Fatal(err)
	}
	if b.Remedy, err = remedy.New(p, b.hand, dryRun, b.clock, b.tel.For("remediate", 0)); err != nil {
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

// alert is one that fires, from now on.
func (b *bench) alert(name string, labels ...string) remedy.Alert {
	a := remedy.Alert{Status: "firing", Labels: map[string]string{"alertname": name}, StartsAt: b.clock.Now(), Fingerprint: fmt.Sprint(name, labels)}
	for i := 0; i < len(labels); i += 2 {
		a.Labels[labels[i]] = labels[i+1]
	}
	return a
}

// tell hands over alerts, and wants what is done about them.
func (b *bench) tell(alerts []remedy.Alert, want ...string) {
	b.t.Helper()
	if err := b.Handle(b.t.Context(), alerts); err != nil {
		b.t.Fatal(err)
	}
	for _, w := range want {
		if got := <-b.hand.did; got != w {
			b.t.Errorf("%s was done, want %s", got, w)
		}
	}
}

// decided wants the latest decisions, the first first; an action that ends is waited for.
func (b *bench) decided(want ...string) {
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
	b := newBench(t, false)
	down := b.alert("Target_Down", "service", "game", "replica", "1", "instance", "; rm -rf /")
	b.tell([]remedy.Alert{down}, "restart game-1")
	b.tell([]remedy.Alert{down, down}) // Alertmanager repeats.
	b.decided("Target_Down game-1 done")
	b.tell([]remedy.Alert{
		b.alert("Ledger_Drift"), b.alert("Ledger_Drift"), b.alert("Target_Down", "service", "mesh", "replica", "0"), b.alert("Target_Down"),
		b.alert("SLO_Burn_Rate_High", "severity", "warning"), b.alert("SLO_Burn_Rate_High", "severity", "critical"),
		{Status: "resolved", Labels: map[string]string{"alertname": "Target_Down", "service": "api", "replica": "0"}},
	})
	b.decided("Target_Down game-1 done", "Ledger_Drift  no_rule", "Target_Down  no_target", "Target_Down  no_target",
		"SLO_Burn_Rate_High  no_rule", "SLO_Burn_Rate_High game-0 no_target")
}

func TestLimitsLeaveTheRestToPeople(t *testing.T) {
	b := newBench(t, false)
	again := func() []remedy.Alert {
		return []remedy.Alert{b.alert("Target_Down", "service", "game", "replica", "0")}
	}
	first := again()
	b.tell(first, "restart game-0")
	b.decided("Target_Down game-0 done")

	b.clock.Advance(time.Minute)
	second := again()
	b.tell(second) // Within the pause.
	b.clock.Advance(5 * time.Minute)
	b.tell(second, "restart game-0") // It fires still, and the pause is over.
	b.clock.Advance(6 * time.Minute)
	b.tell(again()) // Twice within an hour.
	b.tell([]remedy.Alert{b.alert("Service_Down", "service", "game")}, "restart game-1")
	b.tell([]remedy.Alert{b.alert("Service_Down", "service", "api")}, "restart api-0")
	b.clock.Advance(6 * time.Minute)
	b.tell([]remedy.Alert{b.alert("Target_Down", "service", "api", "replica", "0")}) // Four of all.
	b.clock.Advance(time.Hour)
	b.tell(again(), "restart game-0")

	var reasons []string
	for _, d := range b.Latest() {
		if d.Outcome == remedy.Limited {
			_, reason, _ := strings.Cut(d.Detail, "(")
			reasons = append(reasons, reason)
		}
	}
	want := "limits.per_hour) limits.target_per_hour) limits.target_per_hour) limits.target_pause)"
	if got := strings.Join(reasons, " "); got != want {
		t.Errorf("the limits were %s, want %s", got, want)
	}
}

func TestWhatFailsIsNotTriedAgain(t *testing.T) {
	b := newBench(t, false)
	b.hand.fail = errors.New("the disk is full")
	down := []remedy.Alert{b.alert("Target_Down", "service", "game", "replica", "0")}
	b.tell(down, "restart game-0")
	b.clock.Advance(time.Hour)
	b.tell(down)
	b.decided("Target_Down game-0 failed")
	b.hand.fail = fmt.Errorf("%w: it runs", remedy.ErrUnneeded)
	b.tell([]remedy.Alert{b.alert("Target_Down", "service", "game", "replica", "0")}, "restart game-0")
	b.decided("Target_Down game-0 failed", "Target_Down game-0 unneeded")
	if detail := b.Latest()[1].Detail; detail != "the disk is full" {
		t.Errorf("why it failed is %q", detail)
	}
}

// TestWhatWasNotDoneCountsForNoLimit has as many alerts about what is up again as the limits of the hour allow actions.
func TestWhatWasNotDoneCountsForNoLimit(t *testing.T) {
	b := newBench(t, false)
	down := func() []remedy.Alert {
		b.clock.Advance(time.Second)
		return []remedy.Alert{b.alert("Target_Down", "service", "game", "replica", "0")}
	}
	b.hand.fail = fmt.Errorf("%w: it runs", remedy.ErrUnneeded)
	var want []string
	for range 4 {
		b.tell(down(), "restart game-0")
		want = append(want, "Target_Down game-0 unneeded")
		b.decided(want...)
	}
	b.hand.fail = nil
	b.tell(down(), "restart game-0")
	b.decided(append(want, "Target_Down game-0 done")...)
}

// TestStopWaitsForTheActionThatIsUnderWay stops while the hand waits for the test to take note of what it does.
func TestStopWaitsForTheActionThatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := load(t, policy)
		if err != nil {
			t.Fatal(err)
		}
		h := &hand{did: make(chan string)}
		r, err := remedy.New(p, h, false, clockwork.NewRealClock(), telemetry.Discard().For("remediate", 0))
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = r.Work() }()
		down := remedy.Alert{Status: "firing", Labels: map[string]string{"alertname": "Service_Down", "service": "api"}}
		if err := r.Handle(t.Context(), []remedy.Alert{down}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // It acts.
		stopped := make(chan error, 1)
		go func() { stopped <- r.Stop(context.Background()) }()
		synctest.Wait()
		if len(stopped) > 0 {
			t.Error("it stopped amid an action")
		}
		<-h.did
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if noted := r.Latest(); len(noted) != 1 || noted[0].Outcome != remedy.Done {
			t.Errorf("noted %+v", noted)
		}
	})
}

func TestADryRunDoesNothing(t *testing.T) {
	b := newBench(t, true)
	b.tell([]remedy.Alert{b.alert("Service_Down", "service", "game")})
	b.decided("Service_Down game-0 dry_run", "Service_Down game-1 dry_run")
}

// TestEveryDecisionIsAudited reads the log and the metrics, whose labels are the policy's.
func TestEveryDecisionIsAudited(t *testing.T) {
	b := newBench(t, true)
	for i := range 300 {
		b.tell([]remedy.Alert{b.alert(fmt.Sprintf("Strange_%d", i))})
	}
	b.tell([]remedy.Alert{b.alert("Target_Down", "service", "api", "replica", "0")})
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
		t.Errorf("there are %d series, want one of what no rule is for and one of a dry run", series)
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
