package ops

import (
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/metrics"
)

// registry has metrics of the platform's services.
type registry struct {
	*prometheus.Registry
	requests, bets, faults *prometheus.CounterVec
	duration               *prometheus.HistogramVec
	height, absence        *prometheus.GaugeVec
}

func newRegistry() registry {
	counter := func(name string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name}, labels)
	}
	gauge := func(name string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name}, labels)
	}
	r := registry{prometheus.NewRegistry(), counter(requestsMetric, "service", "endpoint", "code"), counter(betsMetric, "bet_type"),
		counter("bitcraps_consensus_equivocations_total", "replica", "validator"),
		prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: durationMetric, Buckets: []float64{.1, .2}}, []string{"service"}),
		gauge("bitcraps_consensus_height", "replica"), gauge("bitcraps_consensus_absence_ratio", "replica", "validator")}
	r.MustRegister(r.requests, r.bets, r.faults, r.duration, r.height, r.absence)
	return r
}

func (r registry) gather(t *testing.T) metrics.Families {
	t.Helper()
	families, err := metrics.Gather(r)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func TestSampleIsDifferenceOfTwoReadings(t *testing.T) {
	r := newRegistry()
	r.bets.WithLabelValues("field").Add(100)
	r.requests.WithLabelValues("gateway", "/api/v1/games", "200").Add(50)
	before := r.gather(t)
	r.bets.WithLabelValues("field").Add(6)
	r.bets.WithLabelValues("pass_line").Add(2)
	for code, n := range map[string]float64{"200": 10, "404": 4, "503": 2} {
		r.requests.WithLabelValues("gateway", "/api/v1/games", code).Add(n)
	}
	r.requests.WithLabelValues("gateway", Path+"/data", "200").Add(1000)
	r.requests.WithLabelValues("game", "grpc", "500").Add(1000)
	for range 10 {
		r.duration.WithLabelValues("gateway").Observe(.15)
		r.duration.WithLabelValues("game").Observe(.01)
	}
	now := time.Now()
	s := sampleBetween(before, r.gather(t), now, now.Add(2*time.Second))
	if s.Bets != 4 || s.Requests != 8 || s.ClientErrors != 2 || s.ServerErrors != 1 || math.Abs(s.P50-.15) > 1e-9 {
		t.Errorf("%+v", s)
	}
}

func TestEveryValidatorIsListed(t *testing.T) {
	r := newRegistry()
	for _, replica := range []string{"0", "1"} {
		r.height.WithLabelValues(replica).Set(40)
		for _, name := range []string{"validator-0", "validator-1", "validator-2"} {
			r.absence.WithLabelValues(replica, name).Set(.25)
		}
		r.faults.WithLabelValues(replica, "validator-2").Add(3)
	}
	r.absence.WithLabelValues("1", "validator-0").Set(.01) // It has just started, and has seen few blocks.
	r.height.WithLabelValues("3").Set(20)
	r.absence.WithLabelValues("3", "validator-0").Set(.9)
	r.absence.WithLabelValues("3", "validator-3").Set(0)
	r.absence.WithLabelValues("0", "validator-3").Set(.2)
	all := stateOf(r.gather(t)).Validators
	want := []Validator{{Name: "validator-0", Running: true, Height: 40, Absence: .25}, {Name: "validator-1", Running: true, Height: 40, Absence: .25},
		{Name: "validator-2", Absence: .25, Faults: 3}, {Name: "validator-3", Running: true, Height: 20, Absence: .2}}
	if !slices.Equal(all, want) {
		t.Errorf("%+v", all)
	}
}

// TestSamplesAreBounded adds more samples than are kept, and reads all and only the newest ones.
func TestSamplesAreBounded(t *testing.T) {
	m := New(Deps{})
	for i := range 2 * maxSamples {
		m.add(Sample{Time: int64(i)})
	}
	if all := m.Data(0).Samples; len(all) != maxSamples || all[0].Time != maxSamples {
		t.Errorf("%d samples", len(all))
	}
	if fresh := m.Data(2*maxSamples - 3).Samples; len(fresh) != 2 {
		t.Errorf("%d new samples", len(fresh))
	}
}

func TestPageHasNoInlineScriptsOrStyles(t *testing.T) {
	answer := httptest.NewRecorder()
	Page().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, Path+"/", nil))
	policy := answer.Header().Get("Content-Security-Policy")
	if answer.Code != 200 || !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe") {
		t.Errorf("%d, %q", answer.Code, policy)
	}
	for _, inline := range []string{"<style", " style=", " onclick=", "<script>"} {
		if strings.Contains(answer.Body.String(), inline) {
			t.Errorf("the page has %q, which its policy refuses", inline)
		}
	}
}
