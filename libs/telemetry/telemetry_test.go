package telemetry_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/prometheus/client_golang/prometheus"
)

func TestLinesCarryTraceAndRequest(t *testing.T) {
	var out bytes.Buffer
	tel, err := telemetry.New(t.Context(), "test", "v0", telemetry.Default(), &out)
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tel.Tracer.Tracer("test").Start(telemetry.WithRequestID(t.Context(), "r1"), "work")
	tel.For("game", 0).Logger.With("n", 1).ErrorContext(ctx, "it broke")
	span.End()

	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"level": "ERROR", "msg": "it broke", "service": "game", "request_id": "r1",
		"trace_id": span.SpanContext().TraceID().String(),
	} {
		if line[key] != want {
			t.Errorf("%s = %v, want %v", key, line[key], want)
		}
	}
}

func TestServicesOfOneProcessShareMetricNames(t *testing.T) {
	tel := telemetry.Discard()
	for _, service := range []string{"api", "game"} {
		counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "x_total"})
		scope := tel.For(service, 0)
		for range 2 {
			if err := scope.Metrics.Register(counter); err != nil {
				t.Errorf("%s: %v", service, err)
			}
			scope.Forget()
		}
		scope.Metrics.MustRegister(counter)
	}
}

func TestConfigIsChecked(t *testing.T) {
	cfg := telemetry.Default()
	cfg.LogLevel = "loud"
	if _, err := telemetry.New(t.Context(), "test", "v0", cfg, &bytes.Buffer{}); err == nil {
		t.Error("log level loud was accepted")
	}
}
