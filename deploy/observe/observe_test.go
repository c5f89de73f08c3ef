package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/deploy/grafana/panels"
	"github.com/bitcraps/bitcraps/deploy/opensearch"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

// testReporter returns a reporter that writes to a test's log.
func testReporter(t *testing.T) *reporter {
	return &reporter{begin: time.Now(), write: func(e event) { t.Logf("%6.1fs  %-10s %s", e.Seconds, e.Step, e.Text) }}
}

// build runs make for targets. They are built in the workspace, while the tests of deploy/ run outside of it.
func build(t *testing.T, targets ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", append([]string{"-C", "../.."}, targets...)...)
	cmd.Env = append(os.Environ(), "GOWORK=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %v: %v\n%s", targets, err, out)
	}
}

// testOptions builds the programs of some make targets, and returns the options for a stack in a folder of its own.
func testOptions(t *testing.T, targets ...string) options {
	t.Helper()
	testserver.Program(t, "prometheus", "prometheus")
	build(t, append([]string{"build"}, targets...)...)
	dir, err := newDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return options{root: "../..", dir: dir, fast: true}
}

// stopStack stops a stack when the test ends.
func stopStack(t *testing.T, s *stack) {
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

// startStack starts everything that observe starts, until the test ends.
func startStack(t *testing.T) *stack {
	t.Helper()
	s, err := start(t.Context(), testOptions(t, "bin/tools/alertmanager", "bin/tools/otelcol", "bin/tools/jaeger"), testReporter(t))
	if err != nil {
		t.Fatal(err)
	}
	stopStack(t, s)
	return s
}

// TestObservability runs the steps of `make observe`, and then kills the observing servers.
func TestObservability(t *testing.T) {
	s := startStack(t)
	players := startLoad(t.Context(), s.fleet.Gateways)
	defer players.stop()
	if err := s.steps(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("dashboards", func(t *testing.T) { checkDashboards(t, s) })
	t.Run("logs", func(t *testing.T) { checkLogs(t, s) })
	t.Run("without", func(t *testing.T) { checkPlayWithoutObservers(t, s) })
}

// checkDashboards checks that every query of the dashboards has data.
func checkDashboards(t *testing.T, s *stack) {
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	if err := poll(ctx, func() error {
		missing, err := panels.Missing(ctx, "http://"+s.prometheus)
		if err == nil && len(missing) > 0 {
			err = fmt.Errorf("%d queries have no data: %v", len(missing), missing)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// checkLogs checks that the collector has read the fleet's log lines, and that OpenSearch would accept all lines.
func checkLogs(t *testing.T, s *stack) {
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	if err := poll(ctx, func() error {
		text, err := os.ReadFile(s.collectedLogs())
		if err == nil && !strings.Contains(string(text), `"severityNumber":9`) {
			err = errors.New("no line has the severity of INFO")
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	mapping, err := opensearch.TemplateMapping()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.fleet.Processes {
		if p.Admin == "" { // A store, which has its own log format.
			continue
		}
		text, err := os.ReadFile(p.Log)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			if err := mapping.CheckLine(line); err != nil {
				t.Errorf("%s: %v: %s", p.Name, err, line)
			}
		}
	}
}

// checkPlayWithoutObservers kills the collector and then Prometheus: bets and rolls still work.
func checkPlayWithoutObservers(t *testing.T, s *stack) {
	for _, name := range []string{"otelcol", "prometheus"} {
		if err := s.servers[name].cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-s.servers[name].exited
		playOneRound(t, s.fleet)
	}
	// Spans for the dead collector are dropped and counted, and block nobody.
	waitForDropped(t, s.fleet, "spans")
}

// playOneRound has a new player play one round.
func playOneRound(t *testing.T, f *fleet) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	if err := poll(ctx, func() error {
		p, err := join(ctx, f.Gateways[0])
		if err == nil {
			err = new(load).round(ctx, p)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestSpeedUp checks how --fast rewrites configurations.
func TestSpeedUp(t *testing.T) {
	for text, want := range map[string]string{
		"for: 5m":                        "for: 5s",
		"  group_wait: 30s":              "  group_wait: 1s",
		"rate(x_total[1m]) > 0.01":       "rate(x_total[4s]) > 0.01",
		"increase(x_total[1h])":          "increase(x_total[60s])",
		"slo:sli_error:ratio_rate5m > 5": "slo:sli_error:ratio_rate5m > 5",
		"window: 1h":                     "window: 1h",
	} {
		if got := speedUp(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	o := options{root: "../.."}
	if _, err := o.copyConfig(t.TempDir(), "prometheus/prometheus.yml", "what is not there", ""); err == nil {
		t.Error("replacing a missing text did not fail")
	}
}
