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

// logged is a reporter for tests.
func logged(t *testing.T) reporter {
	return &printer{begin: time.Now(), write: func(e event) { t.Logf("%6.1fs  %-10s %s", e.Seconds, e.Step, e.Text) }}
}

// build has make build targets. They are in the workspace, and tests of deploy/ are not.
func build(t *testing.T, targets ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", append([]string{"-C", "../.."}, targets...)...)
	cmd.Env = append(os.Environ(), "GOWORK=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %v: %v\n%s", targets, err, out)
	}
}

// running is everything that observe starts, until the test ends.
func running(t *testing.T) *stack {
	t.Helper()
	testserver.Program(t, "prometheus", "prometheus")
	build(t, "build", "bin/tools/alertmanager", "bin/tools/otelcol", "bin/tools/jaeger")
	dir, err := newDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s, err := start(t.Context(), options{root: "../..", dir: dir, fast: true}, logged(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestWhatHappensIsSeen goes through the steps that `make observe` shows, and then takes away what observes.
func TestWhatHappensIsSeen(t *testing.T) {
	s := running(t)
	players := play(t.Context(), s.fleet.Gateways)
	defer players.stop()
	if err := s.steps(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("dashboards", func(t *testing.T) { dashboardsHaveData(t, s) })
	t.Run("logs", func(t *testing.T) { logsAreRead(t, s) })
	t.Run("without", func(t *testing.T) { fleetPlaysOn(t, s) })
}

// dashboardsHaveData runs every query of the dashboards.
func dashboardsHaveData(t *testing.T, s *stack) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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

// logsAreRead finds a line of the fleet's in what the collector read of its files, and holds all lines to what OpenSearch takes.
func logsAreRead(t *testing.T, s *stack) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := poll(ctx, func() error {
		text, err := os.ReadFile(s.shipped())
		if err == nil && !strings.Contains(string(text), `"severityNumber":9`) {
			err = errors.New("no line has the severity of INFO")
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	mapping, err := opensearch.Template()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.fleet.Processes {
		if p.Admin == "" { // A store, which logs as it likes.
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

// fleetPlaysOn kills the collector and then Prometheus: bets and rolls go on.
func fleetPlaysOn(t *testing.T, s *stack) {
	for _, name := range []string{"otelcol", "prometheus"} {
		if err := s.servers[name].cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-s.servers[name].ended
		plays(t, s.fleet)
	}
	// What the collector can't take any more is counted, and holds nobody up.
	awaitDropped(t, s.fleet, "spans")
}

// plays has a new player bet and roll, once.
func plays(t *testing.T, f *fleet) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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

// TestEverythingGetsFaster holds what --fast rewrites against the files that it rewrites.
func TestEverythingGetsFaster(t *testing.T) {
	for text, want := range map[string]string{
		"for: 5m":                        "for: 5s",
		"  group_wait: 30s":              "  group_wait: 1s",
		"rate(x_total[1m]) > 0.01":       "rate(x_total[4s]) > 0.01",
		"increase(x_total[1h])":          "increase(x_total[60s])",
		"slo:sli_error:ratio_rate5m > 5": "slo:sli_error:ratio_rate5m > 5",
		"window: 1h":                     "window: 1h",
	} {
		if got := faster(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	o := options{root: "../.."}
	if _, err := o.configure(t.TempDir(), "prometheus/prometheus.yml", "what is not there", ""); err == nil {
		t.Error("a replacement of what is not there is no error")
	}
}
