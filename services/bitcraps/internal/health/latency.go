package health

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/bitcraps/bitcraps/libs/metrics"
)

const (
	// latencyMetric is the name of every service's histogram, and of the rule that records its mean over five minutes.
	latencyMetric = "bitcraps_request_duration_seconds"
	// slowMean is the mean, in seconds, above which players notice.
	slowMean = 0.5
)

// latency is step 6: how long requests take, according to Prometheus or, where there is none, to the processes' own histograms.
func (t Target) latency(ctx context.Context, snapshots []snapshot) Step {
	step := Step{Name: "performance", Verdict: OK}
	var slowest float64
	var err error
	if t.Prometheus != "" {
		slowest, err = step.fromPrometheus(ctx, t.Prometheus)
	} else {
		slowest = step.fromProcesses(snapshots)
	}
	switch {
	case err != nil:
		step.Verdict, step.Summary = Degraded, "Prometheus: "+err.Error()
	case len(step.Rows) == 0:
		step.Verdict, step.Summary = Skipped, "no request has been measured"
	case slowest > slowMean:
		step.Verdict, step.Summary = Degraded, fmt.Sprintf("HIGH LATENCY: the mean of a service is %.2f s", slowest)
	default:
		step.Summary = fmt.Sprintf("the slowest mean is %.1f ms", 1000*slowest)
	}
	return step
}

func (s *Step) fromPrometheus(ctx context.Context, url string) (slowest float64, err error) {
	client, err := api.NewClient(api.Config{Address: url})
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	result, _, _, err := promv1.NewAPI(client).Query(ctx, latencyMetric, time.Now())
	if err != nil {
		return 0, err
	}
	vector, ok := result.(model.Vector)
	if !ok {
		return 0, fmt.Errorf("%s is a %s", latencyMetric, result.Type())
	}
	s.Columns = []string{"SERIES", "MEAN OF 5 MINUTES"}
	for _, sample := range vector {
		mean := float64(sample.Value)
		if math.IsNaN(mean) { // No request in five minutes.
			continue
		}
		slowest = max(slowest, mean)
		s.Rows = append(s.Rows, []string{cmp.Or(string(sample.Metric["service"]), "all"), milliseconds(mean)})
	}
	return slowest, nil
}

// fromProcesses shows the latency of each service since its processes started.
func (s *Step) fromProcesses(snapshots []snapshot) (slowest float64) {
	byService := make(map[string]metrics.Histogram)
	for _, a := range snapshots {
		for _, name := range a.after.LabelValues(latencyMetric, "service") {
			byService[name] = byService[name].Plus(a.after.Histogram(latencyMetric, metrics.Labels{"service": name}))
		}
	}
	s.Columns = []string{"SERVICE", "REQUESTS", "MEAN", "P95", "P99"}
	for _, name := range slices.Sorted(maps.Keys(byService)) {
		h := byService[name]
		if h.Count == 0 {
			continue
		}
		slowest = max(slowest, h.Mean())
		s.Rows = append(s.Rows, []string{name, fmt.Sprint(h.Count), milliseconds(h.Mean()), milliseconds(h.Quantile(.95)), milliseconds(h.Quantile(.99))})
	}
	return slowest
}

func milliseconds(seconds float64) string { return fmt.Sprintf("%.1f ms", 1000*seconds) }
