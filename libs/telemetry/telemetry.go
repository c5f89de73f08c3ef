// Package telemetry provides a process with its logger, its metrics registry and its tracer. They are values that are passed
// to the code that needs them; only SetGlobals sets globals, for libraries that have no other way. Nothing here delays a
// call: if lines and spans can't be written as fast as they are produced, they are dropped and counted.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Config is the telemetry section of every service's configuration.
type Config struct {
	Enabled        bool    `koanf:"enabled" jsonschema_description:"false disables metrics and traces of requests, to find out what telemetry costs; logs are still written"`
	LogLevel       string  `koanf:"log_level" jsonschema:"enum=debug,enum=info,enum=warn,enum=error" jsonschema_description:"lowest level at which our own modules log, if log_filter is empty"`
	LogFilter      string  `koanf:"log_filter" jsonschema_description:"lowest level that is logged, by module, such as bitcraps=info,bitcraps/gateway=debug,warn; a level without a module applies to all others; empty means bitcraps=LOG_LEVEL,warn"`
	LogSource      bool    `koanf:"log_source" jsonschema_description:"whether log lines contain the file and the line of the code that logs"`
	LogSampleRatio float64 `koanf:"log_sample_ratio" jsonschema:"minimum=0,maximum=1" jsonschema_description:"share of traces whose lines at level info are logged; warnings, errors, audit lines and lines outside of requests always are"`
	OTLPEndpoint   string  `koanf:"otlp_endpoint" jsonschema_description:"URL of an OTLP/gRPC collector, such as http://localhost:4317; empty sends no traces"`
	SampleRatio    float64 `koanf:"sample_ratio" jsonschema:"minimum=0,maximum=1" jsonschema_description:"share of traces that are sent if the caller has not decided; spans that end in an error of ours are always sent"`
}

// Default returns the default configuration: our own modules log at level info, for a tenth of all requests, and no traces are sent.
func Default() Config {
	return Config{Enabled: true, LogLevel: "info", LogSource: true, LogSampleRatio: 0.1, SampleRatio: 1}
}

// Validate returns an error for a malformed filter.
func (c Config) Validate() error {
	_, err := c.filter()
	return err
}

// Telemetry is the telemetry of a process.
type Telemetry struct {
	// Logger writes JSON lines; docs/observability/logs.md describes them.
	Logger *slog.Logger
	// Registry holds the process's metrics, those of the Go runtime included.
	Registry *prometheus.Registry
	// Tracer creates spans. Without a collector it records none, but still gives every request a trace id.
	Tracer trace.TracerProvider
	// Propagator extracts and injects W3C trace context.
	Propagator propagation.TextMapPropagator

	disabled bool
	log      *log // nil if nothing is logged.
	spans    interface{ Shutdown(context.Context) error }
}

// New builds a process's telemetry. Logs are written to w. Only a malformed configuration is an error; without an answering collector
// only traces are lost.
func New(ctx context.Context, process, version string, cfg Config, w io.Writer) (*Telemetry, error) {
	registry := prometheus.NewRegistry()
	dropped := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bitcraps_telemetry_dropped_total", Help: "Log lines and spans that were lost because they could not be written or sent in time.",
	}, []string{"signal"})
	prometheus.WrapRegistererWith(labels(process, 0), registry).MustRegister(dropped)

	log, err := newLog(cfg, w, registry, dropped.WithLabelValues("logs"))
	if err != nil {
		return nil, err
	}
	logger := log.logger(process, 0)
	spans, err := newTracerProvider(ctx, process, version, cfg, logger, dropped.WithLabelValues("spans"))
	if err != nil {
		return nil, fmt.Errorf("telemetry.otlp_endpoint: %w", err)
	}
	t := &Telemetry{
		Logger: logger, Registry: registry, Tracer: spans, log: log, spans: spans, disabled: !cfg.Enabled,
		Propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
	}
	if t.disabled {
		t.Tracer = noop.NewTracerProvider()
		return t, nil
	}
	observeProcess(t.For(process, 0), t.Registry)
	return t, nil
}

// Discard returns telemetry for tests, and for commands that are only clients: it logs nothing and traces nothing.
func Discard() *Telemetry {
	provider := unsampled()
	return &Telemetry{
		Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Tracer: provider,
		Propagator: propagation.TraceContext{}, spans: provider,
	}
}

// For returns the telemetry of one service of the process. Its log lines and metrics have the service and, if a process runs several
// replicas of it, the replica.
func (t *Telemetry) For(service string, replica int) Scope {
	logger := t.Logger.With("service", service, "replica", replica)
	if t.log != nil {
		logger = t.log.logger(service, replica)
	}
	return Scope{
		Logger:     logger,
		Metrics:    &metrics{Registerer: prometheus.WrapRegistererWith(labels(service, replica), t.Registry)},
		Tracer:     t.Tracer,
		Propagator: t.Propagator,
		Disabled:   t.disabled,
	}
}

// Shutdown flushes buffered spans and lines, as far as the collector and the disk accept them before the context ends.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	err := t.spans.Shutdown(ctx)
	if t.log != nil {
		err = errors.Join(err, t.log.out.flush(ctx))
	}
	return err
}

// labels returns the labels of all metrics of a service.
func labels(service string, replica int) prometheus.Labels {
	return prometheus.Labels{"service": service, "replica": strconv.Itoa(replica)}
}
