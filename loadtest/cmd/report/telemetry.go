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

// Telemetry is what metrics, traces and logs cost: two platforms, one with telemetry as in production and one without, bet by
// turns. Figures are medians of the turns, and those that compare the two are medians of each turn's with that beside it: what else
// the machine does strikes both alike.
type Telemetry struct {
	Turns int         `json:"turns"`
	On    Telemetered `json:"on"`
	Off   Telemetered `json:"off"`
	// Rate is the bets a second with telemetry, as a multiple of those without; Processor is what a bet takes of processors.
	Rate      float64 `json:"rate_on_to_off"`
	Processor float64 `json:"processor_on_to_off"`
}

// Telemetered is a platform with telemetry, or without.
type Telemetered struct {
	PerSecond float64 `json:"per_second"`
	// Microseconds are those of processors that the platform's process spent on a bet.
	Microseconds float64 `json:"processor_us_per_bet"`
}

const (
	// turns is how often each platform is measured.
	turns = 25
	// turnsPerRow is how many turns are as long as a row of the comparison.
	turnsPerRow = 5
)

// production is how telemetry is set in deploy/config/production.toml, but for where the collector is.
var production = []string{"--set", "telemetry.log_source=false", "--set", "telemetry.sample_ratio=0.1", "--set", "telemetry.otlp_endpoint="}

// without has neither metrics nor traces, and only errors in the log.
var without = []string{"--set", "telemetry.enabled=false", "--set", "telemetry.log_level=error"}

// costOfTelemetry measures both platforms on SQLite. extra is set beside production's.
func costOfTelemetry(ctx context.Context, o options, dir string) (t Telemetry, err error) {
	endpoint, stop, err := startSink()
	if err != nil {
		return t, err
	}
	defer stop()
	on := slices.Clone(production)
	on[len(on)-1] += endpoint
	for _, set := range o.telemetry {
		on = append(on, "--set", set)
	}
	var platforms [2]*platform.Platform
	for i, set := range [][]string{on, without} {
		args := append([]string{"--set", "security.enable_rate_limiting=false"}, set...)
		p, startErr := platform.Start(o.binary, filepath.Join(dir, []string{"on", "off"}[i]), args...)
		if startErr != nil {
			return t, startErr
		}
		platforms[i] = p
		defer func() { err = errors.Join(err, p.Stop()) }()
	}
	var measured [2][]Telemetered
	bar := progress(2*turns, "telemetry on and off")
	for turn := range 2 * turns {
		i := (turn + turn/2) % 2 // on off, off on: neither is always the first.
		result, err := turnOf(ctx, o, platforms[i])
		if err != nil {
			return t, err
		}
		measured[i] = append(measured[i], result)
		_ = bar.Add(1)
	}
	ratios := make([]Telemetered, turns)
	for i, on := range measured[0] {
		ratios[i] = Telemetered{on.PerSecond / measured[1][i].PerSecond, on.Microseconds / measured[1][i].Microseconds}
	}
	ratio := medians(ratios)
	return Telemetry{Turns: turns, On: medians(measured[0]), Off: medians(measured[1]), Rate: ratio.PerSecond, Processor: ratio.Microseconds}, nil
}

func turnOf(ctx context.Context, o options, p *platform.Platform) (Telemetered, error) {
	before, err := p.ProcessorSeconds()
	if err != nil {
		return Telemetered{}, err
	}
	var made load.Counter
	result, err := load.Run(ctx, o.connections, o.load/turnsPerRow, func() (load.Caller, error) {
		rest, err := load.NewREST(p.URL)
		return made.Of(&load.Bets{Table: rest}), err
	})
	if err != nil {
		return Telemetered{}, err
	}
	after, err := p.ProcessorSeconds()
	return Telemetered{PerSecond: result.PerSecond, Microseconds: (after - before) * 1e6 / float64(made.Calls())}, err
}

func medians(all []Telemetered) Telemetered {
	median := func(of func(Telemetered) float64) float64 {
		values := make([]float64, len(all))
		for i, one := range all {
			values[i] = of(one)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return Telemetered{
		PerSecond:    median(func(t Telemetered) float64 { return t.PerSecond }),
		Microseconds: median(func(t Telemetered) float64 { return t.Microseconds }),
	}
}

// sink takes spans as a collector does, and lets go of them.
type sink struct {
	collector.UnimplementedTraceServiceServer
}

// Export implements the collector's contract.
func (sink) Export(context.Context, *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	return &collector.ExportTraceServiceResponse{}, nil
}

// startSink runs a sink on a free port.
func startSink() (endpoint string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, sink{})
	go func() { _ = server.Serve(listener) }() // It ends with stop.
	return "http://" + listener.Addr().String(), server.Stop, nil
}
