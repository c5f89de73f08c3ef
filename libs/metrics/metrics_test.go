package metrics_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bitcraps/bitcraps/libs/metrics"
)

func TestRegistryAndTextAgree(t *testing.T) {
	registry := prometheus.NewRegistry()
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "calls_total"}, []string{"service", "code"})
	memory := prometheus.NewGauge(prometheus.GaugeOpts{Name: "memory_bytes"})
	latency := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "latency_seconds", Buckets: []float64{.1, .2, .4}}, []string{"service"})
	registry.MustRegister(calls, memory, latency)
	calls.WithLabelValues("game", "200").Add(3)
	calls.WithLabelValues("game", "500").Add(2)
	calls.WithLabelValues("api", "200").Add(7)
	memory.Set(42)
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer server.Close()

	page := func() metrics.Families {
		resp, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		families, err := metrics.Read(resp)
		if err != nil {
			t.Fatal(err)
		}
		return families
	}
	gather := func() metrics.Families {
		families, err := metrics.Gather(registry)
		if err != nil {
			t.Fatal(err)
		}
		return families
	}
	for name, read := range map[string]func() metrics.Families{"registry": gather, "page": page} {
		latency.Reset()
		latency.WithLabelValues("game").Observe(.05)
		first := read().Histogram("latency_seconds", nil)
		for _, seconds := range []float64{.15, .15, .3, 9} {
			latency.WithLabelValues("game").Observe(seconds)
		}
		latency.WithLabelValues("api").Observe(.15)
		families := read()
		if got, found := families.Sum("calls_total", metrics.Labels{"service": "game"}); got != 5 || !found {
			t.Errorf("%s: game's calls = %v, %v", name, got, found)
		}
		if got, _ := families.Sum("memory_bytes", nil); got != 42 {
			t.Errorf("%s: memory = %v", name, got)
		}
		if _, found := families.Sum("nothing", nil); found {
			t.Errorf("%s: a missing metric was found", name)
		}
		if got := families.LabelValues("calls_total", "service"); !slices.Equal(got, []string{"api", "game"}) {
			t.Errorf("%s: services %v", name, got)
		}
		if got := families.Histogram("latency_seconds", nil); got.Count != 6 || got.Counts[1] != 4 {
			t.Errorf("%s: of all services %+v", name, got)
		}
		delta := families.Histogram("latency_seconds", metrics.Labels{"service": "game"}).Since(first)
		if delta.Count != 4 || math.Abs(delta.Mean()-2.4) > 1e-9 {
			t.Errorf("%s: %+v", name, delta)
		}
		for q, want := range map[float64]float64{.25: .15, .5: .2, .75: .4, .99: .4} {
			if got := delta.Quantile(q); math.Abs(got-want) > 1e-9 {
				t.Errorf("%s: quantile %v = %v, want %v", name, q, got, want)
			}
		}
	}
}

func TestRestartedProcess(t *testing.T) {
	before := metrics.Histogram{Count: 10, Sum: 10, Bounds: []float64{1}, Counts: []uint64{10}}
	after := metrics.Histogram{Count: 2, Sum: 1, Bounds: []float64{1}, Counts: []uint64{2}}
	if got := after.Since(before); got.Count != 2 {
		t.Errorf("%+v", got)
	}
	if got := (metrics.Histogram{}).Quantile(.5); got != 0 {
		t.Errorf("a quantile of nothing is %v", got)
	}
}

func TestRefusals(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	resp, err := http.Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := metrics.Read(resp); err == nil {
		t.Error("404 was read as metrics")
	}
}
