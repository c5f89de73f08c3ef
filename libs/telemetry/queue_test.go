package telemetry_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// stuck is a pipe that is not read until it is released.
type stuck struct {
	entered, leave chan struct{}
	text           bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	s.entered <- struct{}{}
	<-s.leave
	return s.text.Write(p)
}

// dropped returns the value of the metric.
func dropped(t testing.TB, gatherer prometheus.Gatherer, signal string) (n float64) {
	t.Helper()
	families, err := gatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if family.GetName() == "bitcraps_telemetry_dropped_total" && label.GetValue() == signal {
					return metric.GetCounter().GetValue()
				}
			}
		}
	}
	t.Fatalf("there is no metric of dropped %s", signal)
	return 0
}

// TestBlockedLogCostsLinesButNoTime logs far more than fits while the writer hangs. The test is that it returns; info lines are dropped and
// counted, and the space for warnings and audit lines is kept free of them.
func TestBlockedLogCostsLinesButNoTime(t *testing.T) {
	out := &stuck{entered: make(chan struct{}, 2), leave: make(chan struct{})}
	tel, err := telemetry.New(t.Context(), "test", "v0", telemetry.Default(), out)
	if err != nil {
		t.Fatal(err)
	}
	tel.Logger.Info("first")
	<-out.entered
	long := strings.Repeat("x", 1000)
	for range 10_000 {
		tel.Logger.Info("info", "long", long)
	}
	for range 500 {
		tel.Logger.Warn("warning", "long", long)
		telemetry.Audit(tel.Logger).Info("of a role", "long", long)
	}
	lost := dropped(t, tel.Registry, "logs")
	if lost < 7000 || lost > 9500 {
		t.Errorf("%v of 10000 infos were dropped; about 2 MB of them fit", lost)
	}
	close(out.leave)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := out.text.String(); strings.Count(text, `"warning"`) != 500 || strings.Count(text, `"of a role"`) != 500 || strings.Count(text, `"info"`) != 10_000-int(lost) {
		t.Error("lines are missing beyond those that were counted")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestFailedWritesAreCounted(t *testing.T) {
	tel, err := telemetry.New(t.Context(), "test", "v0", telemetry.Default(), full{})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		tel.Logger.Warn("warning")
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := dropped(t, tel.Registry, "logs"); n != 10 {
		t.Errorf("%v lines were counted, want 10", n)
	}
}
