// Package perfreport analyzes the request latency of the last hour, as recorded by Prometheus, and writes a report with recommended
// actions.
package perfreport

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

const (
	// Metric is the recording rule for the mean latency of the last five minutes.
	Metric = "bitcraps_request_duration_seconds"
	// memoryQuery is the memory of all services together.
	memoryQuery = `sum(process_resident_memory_bytes)`
	// window and step are those of the range queries.
	window = time.Hour
	step   = time.Minute
	// queryTimeout bounds all queries together.
	queryTimeout = 30 * time.Second
)

// Actions are the recommended actions against high latency.
var Actions = []string{"Check database query performance", "Review consensus algorithm efficiency", "Analyze network connectivity"}

// Analysis is the analysis of the last hour.
type Analysis struct {
	Date        time.Time `json:"date"`
	Environment string    `json:"environment"`
	Series      []Latency `json:"series"`
	HighLatency bool      `json:"high_latency"`
	Actions     []string  `json:"actions"`
	// Memory is the mean memory of all services together, in bytes; 0 where Prometheus has no data.
	Memory float64 `json:"memory_bytes"`
	// Range is Prometheus's answer, unchanged.
	Range json.RawMessage `json:"-"`
}

// Latency has the figures of one series, in seconds.
type Latency struct {
	Service string  `json:"service"`
	Points  int     `json:"points"`
	Mean    float64 `json:"mean_seconds"`
	P95     float64 `json:"p95_seconds"`
	P99     float64 `json:"p99_seconds"`
}

// Analyze queries Prometheus for the hour before now.
func Analyze(ctx context.Context, url, environment string, now time.Time) (Analysis, error) {
	a := Analysis{Date: now.UTC().Truncate(time.Second), Environment: environment, Actions: []string{}}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	client, err := api.NewClient(api.Config{Address: url})
	if err != nil {
		return a, err
	}
	latency, err := query(ctx, client, Metric, now)
	if err != nil {
		return a, err
	}
	memory, err := query(ctx, client, memoryQuery, now)
	if err != nil {
		return a, err
	}
	if err := a.compute(latency, memory); err != nil {
		return a, err
	}
	type data struct {
		ResultType string       `json:"resultType"`
		Result     model.Matrix `json:"result"`
	}
	a.Range, err = json.MarshalIndent(map[string]any{"status": "success", "data": data{"matrix", latency}}, "", "  ")
	return a, err
}

func query(ctx context.Context, client api.Client, text string, now time.Time) (model.Matrix, error) {
	result, _, _, err := promv1.NewAPI(client).QueryRange(ctx, text, promv1.Range{Start: now.Add(-window), End: now, Step: step})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	matrix, ok := result.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("%s: Prometheus answers a %s", text, result.Type())
	}
	return matrix, nil
}

// compute fills in the figures from Prometheus's answers.
func (a *Analysis) compute(latency, memory model.Matrix) error {
	for _, series := range latency {
		values := finiteValues(series)
		if len(values) == 0 {
			continue
		}
		l := Latency{Service: cmp.Or(string(series.Metric["service"]), "all"), Points: len(values), Mean: mean(values),
			P95: quantile(values, 95), P99: quantile(values, 99)}
		a.Series = append(a.Series, l)
		a.HighLatency = a.HighLatency || l.Mean > highLatency
	}
	if len(a.Series) == 0 {
		return errors.New("there is no latency data of the last hour: Prometheus must scrape the services and load the rule that records " + Metric + ", and there must have been requests")
	}
	if a.HighLatency {
		a.Actions = Actions
	}
	for _, series := range memory {
		a.Memory = mean(finiteValues(series))
	}
	return nil
}
