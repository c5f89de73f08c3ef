// Package perfreport is the performance analysis of the last hour: how long requests took, by Prometheus, what that calls for,
// and a report of it.
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
	// Metric is what the recording rule of that name records: the mean latency of the last five minutes.
	Metric = "bitcraps_request_duration_seconds"
	// memoryQuery is what all services use together.
	memoryQuery = `sum(process_resident_memory_bytes)`
	// window and step are what is asked for.
	window = time.Hour
	step   = time.Minute
	// patience is how long Prometheus may take.
	patience = 30 * time.Second
)

// Actions are what to do about high latency.
var Actions = []string{"Check database query performance", "Review consensus algorithm efficiency", "Analyze network connectivity"}

// Analysis is how the last hour was.
type Analysis struct {
	Date        time.Time `json:"date"`
	Environment string    `json:"environment"`
	Series      []Latency `json:"series"`
	HighLatency bool      `json:"high_latency"`
	Actions     []string  `json:"actions"`
	// Memory is the mean of what all services used together, in bytes; 0 where Prometheus does not know.
	Memory float64 `json:"memory_bytes"`
	// Range is Prometheus's answer as it was.
	Range json.RawMessage `json:"-"`
}

// Latency are the figures of one series, in seconds.
type Latency struct {
	Service string  `json:"service"`
	Points  int     `json:"points"`
	Mean    float64 `json:"mean_seconds"`
	P95     float64 `json:"p95_seconds"`
	P99     float64 `json:"p99_seconds"`
}

// Analyze asks Prometheus about the hour before now.
func Analyze(ctx context.Context, url, environment string, now time.Time) (Analysis, error) {
	a := Analysis{Date: now.UTC().Truncate(time.Second), Environment: environment, Actions: []string{}}
	ctx, cancel := context.WithTimeout(ctx, patience)
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
	if err := a.fill(latency, memory); err != nil {
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

// fill reckons with what Prometheus answered.
func (a *Analysis) fill(latency, memory model.Matrix) error {
	for _, series := range latency {
		values := numbers(series)
		if len(values) == 0 {
			continue
		}
		l := Latency{Service: cmp.Or(string(series.Metric["service"]), "all"), Points: len(values), Mean: mean(values),
			P95: quantile(values, 95), P99: quantile(values, 99)}
		a.Series = append(a.Series, l)
		a.HighLatency = a.HighLatency || l.Mean > slow
	}
	if len(a.Series) == 0 {
		return errors.New("no latency of the last hour is known: Prometheus must scrape the services and load the rule that records " + Metric + ", and players must have played")
	}
	if a.HighLatency {
		a.Actions = Actions
	}
	for _, series := range memory {
		a.Memory = mean(numbers(series))
	}
	return nil
}
