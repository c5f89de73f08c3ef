package telemetry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// logged returns what a process logs that runs a function.
func logged(t testing.TB, change func(*telemetry.Config), do func(*telemetry.Telemetry)) (*telemetry.Telemetry, []map[string]any) {
	t.Helper()
	cfg := telemetry.Default()
	change(&cfg)
	var out bytes.Buffer
	tel, err := telemetry.New(t.Context(), "test", "v0", cfg, &out)
	if err != nil {
		t.Fatal(err)
	}
	do(tel)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lines []map[string]any
	for text := range strings.Lines(out.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		lines = append(lines, line)
	}
	return tel, lines
}

func TestLinesNameTheirSource(t *testing.T) {
	for name, tc := range map[string]struct {
		production bool
		file       any
	}{"elsewhere": {false, "libs/telemetry_test/log_test.go"}, "in production": {true, nil}} {
		t.Run(name, func(t *testing.T) {
			var span trace.SpanContext
			_, lines := logged(t, func(c *telemetry.Config) { c.LogSource = !tc.production }, func(tel *telemetry.Telemetry) {
				ctx, s := tel.Tracer.Tracer("test").Start(telemetry.WithRequestID(t.Context(), "r1"), "work")
				span = s.SpanContext()
				tel.For("game", 3).Logger.With("n", 1).ErrorContext(ctx, "it broke", "game_id", "g")
			})
			want := map[string]any{"level": "ERROR", "msg": "it broke", "service": "game", "replica": float64(3), "n": float64(1), "game_id": "g",
				"request_id": "r1", "trace_id": span.TraceID().String(), "span_id": span.SpanID().String(), "target": "bitcraps/libs/telemetry_test"}
			for key, value := range want {
				if lines[0][key] != value {
					t.Errorf("%s = %v, want %v", key, lines[0][key], value)
				}
			}
			if lines[0]["file"] != tc.file || (lines[0]["line"] == nil) != (tc.file == nil) || lines[0]["time"] == nil {
				t.Errorf("line %v", lines[0])
			}
		})
	}
}

// TestFilter checks what each module logs at each level.
func TestFilter(t *testing.T) {
	for filter, want := range map[string]string{
		"":                     "ours:info ours:warn ours:error comet:warn comet:error",
		"bitcraps=info,warn":   "ours:info ours:warn ours:error comet:warn comet:error",
		"warn, bitcraps=debug": "ours:debug ours:info ours:warn ours:error comet:warn comet:error",
		"bitcraps=off,bitcraps/libs=error,github.com/cometbft=info": "ours:error comet:info comet:warn comet:error",
		"bit=debug,error": "ours:error comet:error",
		"bitcraps=trace":  "ours:debug ours:info ours:warn ours:error",
	} {
		t.Run(filter, func(t *testing.T) {
			_, lines := logged(t, func(c *telemetry.Config) { c.LogFilter = filter }, func(tel *telemetry.Telemetry) {
				for name, logger := range map[string]*slog.Logger{"ours": tel.Logger, "comet": telemetry.Module(tel.Logger, "github.com/cometbft/cometbft")} {
					for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
						logger.Log(t.Context(), level, name)
					}
				}
			})
			said := make(map[string]bool)
			for _, line := range lines {
				said[fmt.Sprintf("%s:%s", line["msg"], strings.ToLower(fmt.Sprint(line["level"])))] = true
			}
			for _, one := range strings.Fields(want) {
				if !said[one] {
					t.Errorf("%s is missing", one)
				}
				delete(said, one)
			}
			if len(said) > 0 {
				t.Errorf("too much: %v", said)
			}
		})
	}
}

func TestMalformedFiltersAreRefused(t *testing.T) {
	for _, filter := range []string{"loud", "bitcraps=loud", "=info", "info,,warn", "bitcraps=info=warn"} {
		cfg := telemetry.Default()
		cfg.LogFilter = filter
		if _, err := telemetry.New(t.Context(), "test", "v0", cfg, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "telemetry.log_filter") {
			t.Errorf("%q: %v", filter, err)
		}
	}
	cfg := telemetry.Default()
	cfg.LogLevel = "loud"
	if _, err := telemetry.New(t.Context(), "test", "v0", cfg, &bytes.Buffer{}); err == nil {
		t.Error("log level loud was accepted")
	}
}

// TestSampling logs for many traces. The number of remaining info lines is binomially distributed; the bounds are seven standard deviations
// away from the mean.
func TestSampling(t *testing.T) {
	const traces = 10_000
	tel, lines := logged(t, func(c *telemetry.Config) { c.LogSampleRatio = 0.1 }, func(tel *telemetry.Telemetry) {
		for range traces {
			ctx, _ := tel.Tracer.Tracer("test").Start(t.Context(), "request")
			tel.Logger.InfoContext(ctx, "begin")
			tel.Logger.InfoContext(ctx, "end")
			tel.Logger.WarnContext(ctx, "warning")
			telemetry.Audit(tel.Logger).InfoContext(ctx, "audit")
		}
		tel.Logger.InfoContext(t.Context(), "of no request")
	})
	count := make(map[any]int)
	traceOf := make(map[any]int)
	for _, line := range lines {
		count[line["msg"]]++
		if line["msg"] == "begin" || line["msg"] == "end" {
			traceOf[line["trace_id"]]++
		}
		if (line["msg"] == "audit") != (line["audit"] == true) {
			t.Fatalf("line %v", line)
		}
	}
	if count["warning"] != traces || count["audit"] != traces || count["of no request"] != 1 {
		t.Errorf("counts %v", count)
	}
	if n := count["begin"]; n < 790 || n > 1210 {
		t.Errorf("%d of %d infos are left", n, traces)
	}
	for id, n := range traceOf {
		if n != 2 {
			t.Errorf("trace %v has %d of its two lines", id, n)
		}
	}
	want := fmt.Sprintf("# HELP bitcraps_log_sampled_out_total Log lines that telemetry.log_sample_ratio left out.\n# TYPE bitcraps_log_sampled_out_total counter\n"+
		"bitcraps_log_sampled_out_total{replica=\"0\",service=\"test\"} %d\n", 2*traces-count["begin"]-count["end"])
	if err := testutil.GatherAndCompare(tel.Registry, strings.NewReader(want), "bitcraps_log_sampled_out_total"); err != nil {
		t.Error(err)
	}
}

// BenchmarkLog measures the cost of a bet's line: written, sampled out, and below the level.
func BenchmarkLog(b *testing.B) {
	for name, change := range map[string]func(*telemetry.Config){
		"written":     func(c *telemetry.Config) { c.LogSampleRatio = 1 },
		"sampled out": func(c *telemetry.Config) { c.LogSampleRatio = 0 },
		"disabled":    func(c *telemetry.Config) { c.LogLevel = "warn" },
	} {
		b.Run(name, func(b *testing.B) {
			cfg := telemetry.Default()
			change(&cfg)
			tel, err := telemetry.New(b.Context(), "test", "v0", cfg, discard{})
			if err != nil {
				b.Fatal(err)
			}
			ctx, _ := tel.Tracer.Tracer("bench").Start(telemetry.WithRequestID(b.Context(), "0199b2f0-1f2e-7d6e-8f3d-1c2b3a495867"), "bet")
			logger := tel.For("game", 0).Logger
			for b.Loop() {
				logger.LogAttrs(ctx, slog.LevelInfo, "Bet placed successfully", slog.String("game_id", "0199b2f0-1f2e-7d6e-8f3d-1c2b3a495867"),
					slog.String("player_id", "0199b2f0-1f2e-7d6e-8f3d-1c2b3a495868"), slog.Int64("bet_amount", 50))
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
