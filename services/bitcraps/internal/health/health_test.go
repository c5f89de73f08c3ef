package health_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/health"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// platform is a set of admin ports.
type platform struct {
	health.Target
	t *testing.T
}

// add serves the admin port of a process.
func (p *platform) add(name, service string, metrics map[string]float64, checks ...admin.Check) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for metric, value := range metrics {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: metric, ConstLabels: prometheus.Labels{"service": service}})
		g.Set(value)
		registry.MustRegister(g)
	}
	p.serve(name, service, registry, checks...)
}

func (p *platform) serve(name, service string, registry *prometheus.Registry, checks ...admin.Check) {
	server := httptest.NewServer(admin.Handler(registry, checks))
	p.t.Cleanup(server.Close)
	p.Processes = append(p.Processes, health.Process{Name: name, Service: service, URL: server.URL, State: "ready", PID: 1})
}

// healthy is a platform without any fault.
func healthy(t *testing.T) *platform {
	p := &platform{t: t}
	p.Environment = "test" // Without Dir: the free resources of this machine must not matter.
	for i := range 4 {
		p.add(fmt.Sprintf("consensus-%d", i), "consensus", map[string]float64{"bitcraps_consensus_height": 100})
	}
	p.add("game-0", "game", map[string]float64{"bitcraps_ledger_drift_tokens": 0, "bitcraps_ledger_checked_timestamp_seconds": float64(time.Now().Unix())})
	return p
}

// check checks the platform and returns one step.
func (p *platform) check(want health.Verdict, name string) health.Step {
	p.t.Helper()
	report := p.Check(p.t.Context(), time.Now())
	for _, step := range report.Steps {
		if step.Name != name {
			continue
		}
		if report.Verdict != want || step.Verdict != want {
			p.t.Errorf("%s: %s, want %s; %+v", name, step.Verdict, want, report)
		}
		return step
	}
	p.t.Fatalf("there is no step %s", name)
	return health.Step{}
}

func TestHealthyPlatform(t *testing.T) {
	t.Parallel()
	p := healthy(t)
	for _, name := range []string{"processes", "services", "resources", "validators", "ledger"} {
		p.check(health.OK, name)
	}
}

func TestMachineStep(t *testing.T) {
	t.Parallel()
	p := healthy(t)
	p.Dir = t.TempDir()
	for _, step := range p.Check(t.Context(), time.Now()).Steps {
		if step.Name == "machine" && (step.Verdict == health.Skipped || len(step.Rows) != 1 || len(step.Rows[0]) != len(step.Columns)) {
			t.Errorf("%+v", step)
		}
	}
}

func TestStoppedProcesses(t *testing.T) {
	t.Parallel()
	p := healthy(t)
	p.Processes[1].URL = "http://127.0.0.1:1"
	p.Processes[1].State = "stopped"
	if step := p.check(health.Degraded, "processes"); !strings.Contains(step.Summary, "consensus-1") {
		t.Errorf("%+v", step)
	}
	p.check(health.Degraded, "validators")
	p.Processes[2].URL = p.Processes[1].URL // Two of four are no quorum.
	p.check(health.Failing, "validators")
	p = healthy(t)
	p.Processes[4].URL, p.Processes[4].State = "http://127.0.0.1:1", "stopped" // There is no other game.
	p.check(health.Failing, "processes")
}

func TestFailingChecks(t *testing.T) {
	t.Parallel()
	p := healthy(t)
	unavailable := errors.New("unavailable")
	p.add("gateway-0", "gateway", nil, admin.Check{Name: "redis", Degrades: true, Check: func(context.Context) error { return unavailable }})
	if step := p.check(health.Degraded, "services"); !strings.Contains(fmt.Sprint(step.Rows), "redis") {
		t.Errorf("%+v", step)
	}
	p.add("api-0", "api", nil, admin.Check{Name: "store", Check: func(context.Context) error { return unavailable }})
	p.check(health.Failing, "services")
}

func TestLaggingValidator(t *testing.T) {
	t.Parallel()
	p := healthy(t)
	p.add("consensus-4", "consensus", map[string]float64{"bitcraps_consensus_height": 60})
	if step := p.check(health.Degraded, "validators"); !strings.Contains(step.Summary, "1 more than") {
		t.Errorf("%+v", step)
	}
}

// TestAbsence checks whose reports of absences count: neither those of a validator that is behind, nor the low ones of one that has just
// started.
func TestAbsence(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		height  float64
		reports map[string]float64
		missing string
	}{
		"reported by one that sees every block": {100, map[string]float64{"validator-1": .6, "validator-2": .4}, "validator-1"},
		"reported by one that is behind":        {80, map[string]float64{"validator-1": .6}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &platform{t: t}
			p.Environment = "test"
			p.addValidator("consensus-0", 100, map[string]float64{"validator-0": 0, "validator-1": .1, "validator-2": .1})
			p.addValidator("consensus-1", tc.height, tc.reports)
			for _, step := range p.Check(t.Context(), time.Now()).Steps {
				if step.Name == "validators" && (strings.Contains(step.Summary, "missed") != (tc.missing != "") || !strings.Contains(step.Summary, tc.missing)) {
					t.Errorf("%+v, want %q missing", step, tc.missing)
				}
			}
		})
	}
}

// addValidator serves the admin port of a validator, with the absences that it reports.
func (p *platform) addValidator(name string, height float64, absences map[string]float64) {
	registry := prometheus.NewRegistry()
	heights := prometheus.NewGauge(prometheus.GaugeOpts{Name: "bitcraps_consensus_height"})
	heights.Set(height)
	reports := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "bitcraps_consensus_absence_ratio"}, []string{"validator"})
	registry.MustRegister(heights, reports)
	for validator, ratio := range absences {
		reports.WithLabelValues(validator).Set(ratio)
	}
	p.serve(name, "consensus", registry)
}

func TestLedgerDrift(t *testing.T) {
	t.Parallel()
	for drift, checked := range map[float64]time.Time{-3: time.Now(), 0: time.Now().Add(-2 * time.Hour)} {
		p := healthy(t)
		p.Processes = p.Processes[:4]
		p.add("game-0", "game", map[string]float64{"bitcraps_ledger_drift_tokens": drift, "bitcraps_ledger_checked_timestamp_seconds": float64(checked.Unix())})
		want := health.Degraded
		if drift != 0 {
			want = health.Failing
		}
		p.check(want, "ledger")
	}
}

func TestLatestErrorsAreShown(t *testing.T) {
	t.Parallel()
	p := healthy(t)
	log := filepath.Join(t.TempDir(), "game-0.log")
	var text strings.Builder
	fmt.Fprintf(&text, `{"time":%q,"level":"ERROR","msg":"of the day before"}`+"\n", time.Now().Add(-25*time.Hour).Format(time.RFC3339Nano))
	text.WriteString("panic: not JSON, and it contains \"ERROR\"\n")
	fmt.Fprintf(&text, `{"time":%q,"level":"INFO","msg":"it contains \"ERROR\""}`+"\n", time.Now().Format(time.RFC3339Nano))
	for i := range 12 {
		fmt.Fprintf(&text, `{"time":%q,"level":"ERROR","msg":"call %d failed\u001b[31m","service":"game","error":"disk","trace_id":"t%d"}`+"\n", time.Now().Format(time.RFC3339Nano), i, i)
	}
	if err := os.WriteFile(log, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Logs = []string{log}
	step := p.check(health.Degraded, "errors")
	if len(step.Rows) != 10 || !strings.Contains(step.Summary, "12 lines") || step.Rows[0][2] != "call 2 failed [31m: disk" || step.Rows[9][3] != "t11" {
		t.Errorf("%+v", step)
	}
}

// TestSlowRequests queries a real Prometheus.
func TestSlowRequests(t *testing.T) {
	t.Parallel()
	for mean, want := range map[float64]health.Verdict{.02: health.OK, .8: health.Degraded} {
		p := healthy(t)
		p.Prometheus = testserver.Prometheus(t, fmt.Sprintf("# TYPE bitcraps_request_duration_seconds gauge\nbitcraps_request_duration_seconds{service=\"gateway\"} %v %d\n# EOF\n",
			mean, time.Now().Unix()))
		if step := p.check(want, "performance"); step.Rows[0][0] != "gateway" {
			t.Errorf("%+v", step)
		}
	}
}

// TestActiveAlerts sends alerts to a real Alertmanager.
func TestActiveAlerts(t *testing.T) {
	t.Parallel()
	p := healthy(t)
	p.Alertmanager = testserver.Alertmanager(t)
	p.check(health.OK, "alerts")
	for _, severity := range []string{"warning", "critical"} {
		alert := []map[string]any{{"labels": map[string]string{"alertname": "Test_" + severity, "severity": severity}, "annotations": map[string]string{"summary": "it is slow"}}}
		text, err := json.Marshal(alert)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Post(p.Alertmanager+"/api/v2/alerts", "application/json", bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		want := map[string]health.Verdict{"warning": health.Degraded, "critical": health.Failing}[severity]
		if step := p.check(want, "alerts"); !strings.Contains(fmt.Sprint(step.Rows), "Test_"+severity) || !strings.Contains(fmt.Sprint(step.Rows), "it is slow") {
			t.Errorf("%+v", step)
		}
	}
}

// TestSkippedStepsAreOK checks a platform without any source.
func TestSkippedStepsAreOK(t *testing.T) {
	t.Parallel()
	report := health.Target{Environment: "nowhere"}.Check(t.Context(), time.Now())
	if report.Verdict != health.OK {
		t.Errorf("%+v", report)
	}
}

func TestTextReport(t *testing.T) {
	t.Parallel()
	report := health.Report{Time: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), Environment: "staging", Verdict: health.Degraded, Steps: []health.Step{
		{Name: "processes", Verdict: health.OK, Summary: "2 of 2 processes run", Columns: []string{"PROCESS", "STATE"}, Rows: [][]string{{"game-0", "ready"}, {"api-0", "ready"}}},
		{Name: "errors", Verdict: health.Degraded, Summary: "1 line"},
	}}
	var got bytes.Buffer
	if err := report.Write(&got); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/report.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
	}
}
