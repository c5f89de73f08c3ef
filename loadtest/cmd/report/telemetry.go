package main

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/loadtest/internal/load"
	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
)

// Telemetry is the cost of metrics, traces and logs, measured with two platforms that are put under load alternately, one with telemetry
// as in production and one without. Figures are medians over the runs. Ratios are medians of the ratios of adjacent runs, so that other
// load on the machine affects both alike.
type Telemetry struct {
	// Runs is how often each platform was measured.
	Runs int           `json:"turns"`
	On   TelemetryCost `json:"on"`
	Off  TelemetryCost `json:"off"`
	// Rate is the ratio of bets per second with telemetry to those without; Processor is the ratio of the CPU time per bet.
	Rate      float64 `json:"rate_on_to_off"`
	Processor float64 `json:"processor_on_to_off"`
}

// TelemetryCost is the measurement of a platform with or without telemetry.
type TelemetryCost struct {
	PerSecond float64 `json:"per_second"`
	// Microseconds is the CPU time of the platform's process per bet.
	Microseconds float64 `json:"processor_us_per_bet"`
}

const (
	// telemetryRuns is how often each platform is measured.
	telemetryRuns = 25
	// runsPerRow is how many runs take as long as one row of the comparison.
	runsPerRow = 5
)

// productionTelemetry is the telemetry configuration of deploy/config/production.toml, except for the collector's endpoint.
var productionTelemetry = []string{"--set", "telemetry.log_source=false", "--set", "telemetry.sample_ratio=0.1", "--set", "telemetry.otlp_endpoint="}

// noTelemetry disables metrics and traces, and logs errors only.
var noTelemetry = []string{"--set", "telemetry.enabled=false", "--set", "telemetry.log_level=error"}

// measureTelemetry measures both platforms on SQLite. The options' telemetry settings are added to production's.
func measureTelemetry(ctx context.Context, o options, dir string) (t Telemetry, err error) {
	endpoint, stop, err := startCollector()
	if err != nil {
		return t, err
	}
	defer stop()
	onArgs := slices.Clone(productionTelemetry)
	onArgs[len(onArgs)-1] += endpoint
	for _, set := range o.telemetry {
		onArgs = append(onArgs, "--set", set)
	}
	var platforms [2]*platform.Platform
	for i, set := range [][]string{onArgs, noTelemetry} {
		args := append([]string{"--set", "security.enable_rate_limiting=false"}, set...)
		p, startErr := platform.Start(o.binary, filepath.Join(dir, []string{"on", "off"}[i]), args...)
		if startErr != nil {
			return t, startErr
		}
		platforms[i] = p
		defer func() { err = errors.Join(err, p.Stop()) }()
	}
	var measured [2][]TelemetryCost
	bar := progress(2*telemetryRuns, "telemetry on and off")
	for run := range 2 * telemetryRuns {
		i := (run + run/2) % 2 // on off, off on: neither is always first.
		result, err := measureTelemetryRun(ctx, o, platforms[i])
		if err != nil {
			return t, err
		}
		measured[i] = append(measured[i], result)
		_ = bar.Add(1)
	}
	ratios := make([]TelemetryCost, telemetryRuns)
	for i, on := range measured[0] {
		off := measured[1][i]
		ratios[i] = TelemetryCost{on.PerSecond / off.PerSecond, on.Microseconds / off.Microseconds}
	}
	ratio := medians(ratios)
	return Telemetry{Runs: telemetryRuns, On: medians(measured[0]), Off: medians(measured[1]), Rate: ratio.PerSecond, Processor: ratio.Microseconds}, nil
}

func measureTelemetryRun(ctx context.Context, o options, p *platform.Platform) (TelemetryCost, error) {
	before, err := p.ProcessorSeconds()
	if err != nil {
		return TelemetryCost{}, err
	}
	var made load.Counter
	result, err := load.Run(ctx, o.connections, o.load/runsPerRow, func() (load.Caller, error) {
		rest, err := load.NewREST(p.URL)
		return made.Of(&load.Bets{Table: rest}), err
	})
	if err != nil {
		return TelemetryCost{}, err
	}
	after, err := p.ProcessorSeconds()
	return TelemetryCost{PerSecond: result.PerSecond, Microseconds: (after - before) * 1e6 / float64(made.Calls())}, err
}

func medians(all []TelemetryCost) TelemetryCost {
	median := func(of func(TelemetryCost) float64) float64 {
		values := make([]float64, len(all))
		for i, one := range all {
			values[i] = of(one)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return TelemetryCost{
		PerSecond:    median(func(t TelemetryCost) float64 { return t.PerSecond }),
		Microseconds: median(func(t TelemetryCost) float64 { return t.Microseconds }),
	}
}

// discardCollector is an OTLP collector that discards all spans.
type discardCollector struct {
	collector.UnimplementedTraceServiceServer
}

// Export implements the collector's TraceService.
func (discardCollector) Export(context.Context, *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	return &collector.ExportTraceServiceResponse{}, nil
}

// startCollector runs a discardCollector on a free port.
func startCollector() (endpoint string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, discardCollector{})
	go func() { _ = server.Serve(listener) }() // Ends with stop.
	return "http://" + listener.Addr().String(), server.Stop, nil
}
