package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// scrape returns what Prometheus reads, in the format with exemplars.
func scrape(t *testing.T, gatherer prometheus.Gatherer) string {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(answer, request)
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRequestsAreCountedByResult(t *testing.T) {
	tel := telemetry.Discard()
	requests := telemetry.NewRequests(tel.For("gateway", 1))
	route := "/api/v1/games/{game_id}/bets"
	requests.Observe(t.Context(), telemetry.Request{Method: "POST", Endpoint: route, Status: 201}, 300*time.Millisecond)
	requests.Observe(t.Context(), telemetry.Request{Method: "POST", Endpoint: route, Status: 404, Reason: "WAGER_UNKNOWN"}, time.Second)
	requests.Observe(t.Context(), telemetry.Request{Method: "POST", Endpoint: route, Status: 503, Reason: "NO_QUORUM"}, 6*time.Second)
	requests.Observe(t.Context(), telemetry.Request{Method: "GET", Endpoint: "/events", Status: 200, Stream: true}, time.Hour)

	want := `
# HELP bitcraps_errors_total Requests that failed, by reason; warning is the caller's fault, critical is ours.
# TYPE bitcraps_errors_total counter
bitcraps_errors_total{replica="1",service="gateway",severity="critical",type="NO_QUORUM"} 1
bitcraps_errors_total{replica="1",service="gateway",severity="warning",type="WAGER_UNKNOWN"} 1
# HELP bitcraps_requests_total Requests answered over REST and gRPC, by method, endpoint and HTTP status.
# TYPE bitcraps_requests_total counter
bitcraps_requests_total{code="200",endpoint="/events",method="GET",replica="1",service="gateway"} 1
bitcraps_requests_total{code="201",endpoint="/api/v1/games/{game_id}/bets",method="POST",replica="1",service="gateway"} 1
bitcraps_requests_total{code="404",endpoint="/api/v1/games/{game_id}/bets",method="POST",replica="1",service="gateway"} 1
bitcraps_requests_total{code="503",endpoint="/api/v1/games/{game_id}/bets",method="POST",replica="1",service="gateway"} 1
# HELP http_requests_total The same requests by HTTP status alone.
# TYPE http_requests_total counter
http_requests_total{replica="1",service="gateway",status="200"} 1
http_requests_total{replica="1",service="gateway",status="201"} 1
http_requests_total{replica="1",service="gateway",status="404"} 1
http_requests_total{replica="1",service="gateway",status="503"} 1
`
	if err := testutil.GatherAndCompare(tel.Registry, strings.NewReader(want), "bitcraps_errors_total", "bitcraps_requests_total", "http_requests_total"); err != nil {
		t.Error(err)
	}
	text := scrape(t, tel.Registry)
	for _, line := range []string{
		`bitcraps_request_duration_seconds_bucket{method="POST",replica="1",service="gateway",status="201",le="0.25"} 0`,
		`bitcraps_request_duration_seconds_bucket{method="POST",replica="1",service="gateway",status="201",le="0.5"} 1`,
		`bitcraps_request_duration_seconds_bucket{method="POST",replica="1",service="gateway",status="503",le="5.0"} 0`,
		`bitcraps_request_duration_seconds_sum{method="POST",replica="1",service="gateway",status="503"} 6.0`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the scrape lacks %s", line)
		}
	}
	if strings.Contains(text, `_count{method="GET"`) {
		t.Error("a stream's hour counts as latency")
	}
}

func TestSlowRequestsLeadToTheirTrace(t *testing.T) {
	tel := telemetry.Discard()
	requests := telemetry.NewRequests(tel.For("game", 0))
	traced := func(id byte, flags trace.TraceFlags) context.Context {
		return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{id}, SpanID: trace.SpanID{1}, TraceFlags: flags}))
	}
	requests.Observe(traced(0xab, trace.FlagsSampled), telemetry.Request{Method: "POST", Endpoint: "grpc", Status: 200}, 400*time.Millisecond)
	requests.Observe(traced(0xcd, 0), telemetry.Request{Method: "POST", Endpoint: "grpc", Status: 200}, time.Millisecond)
	text := scrape(t, tel.Registry)
	if want := `le="0.5"} 2 # {trace_id="ab000000000000000000000000000000"} 0.4`; !strings.Contains(text, want) {
		t.Errorf("no exemplar in\n%s", text)
	}
	if strings.Contains(text, "cd0000") {
		t.Error("a trace that nobody keeps is an exemplar")
	}
}

func TestDisabledTelemetryMeasuresNothing(t *testing.T) {
	cfg := telemetry.Default()
	cfg.Enabled = false
	tel, err := telemetry.New(t.Context(), "test", "v0", cfg, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	telemetry.NewRequests(tel.For("game", 0)).Observe(t.Context(), telemetry.Request{Method: "GET", Status: 200}, time.Second)
	families, err := tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if strings.Contains(family.GetName(), "request") {
			t.Errorf("%s is measured", family.GetName())
		}
	}
}

func TestUtilizationOfLimitsIsExported(t *testing.T) {
	tel, err := telemetry.New(t.Context(), "game", "v0", telemetry.Default(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	tel.For("game", 0).Utilization("bet_queue", func() float64 { return telemetry.Ratio(30, 20) })
	families, err := tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	shares, others := map[string]float64{}, map[string]bool{}
	for _, family := range families {
		others[family.GetName()] = true
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if family.GetName() == "bitcraps_resource_utilization_percent" && label.GetName() == "resource" {
					shares[label.GetValue()] = metric.GetGauge().GetValue()
				}
			}
		}
	}
	for _, resource := range []string{"cpu", "memory", "goroutines", "file_descriptors", "bet_queue"} {
		if share, ok := shares[resource]; !ok || share < 0 || share > 100 || share == 0 && resource != "cpu" {
			t.Errorf("%s = %v", resource, share)
		}
	}
	for _, name := range []string{"go_sched_latencies_seconds", "go_gc_pauses_seconds", "process_resident_memory_bytes"} {
		if !others[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	requests := telemetry.NewRequests(telemetry.Discard().For("game", 0))
	request := telemetry.Request{Method: "/bitcraps.game.v1.GameService/PlaceBet", Endpoint: telemetry.GRPC, Status: 200}
	sampled := trace.ContextWithSpanContext(b.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled}))
	for name, ctx := range map[string]context.Context{"plain": b.Context(), "sampled": sampled} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				requests.Observe(ctx, request, time.Millisecond)
			}
		})
	}
}
