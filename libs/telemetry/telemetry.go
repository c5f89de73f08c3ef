// Package telemetry gives a process its logger, its metrics registry and its tracer. They are values that are handed
// to whoever needs them; only Adopt sets globals, for libraries that know no other way. Nothing here makes a call wait: where
// lines and spans can't be written as fast as they come, they are dropped and counted.
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
	Enabled        bool    `koanf:"enabled" jsonschema_description:"false measures and traces no requests, to find out what telemetry costs; the log is kept"`
	LogLevel       string  `koanf:"log_level" jsonschema:"enum=debug,enum=info,enum=warn,enum=error" jsonschema_description:"least severe level that our own modules log, where log_filter is empty"`
	LogFilter      string  `koanf:"log_filter" jsonschema_description:"least severe level that is logged, by module, such as bitcraps=info,bitcraps/gateway=debug,warn; the one without a module is for all others; empty means bitcraps=LOG_LEVEL,warn"`
	LogSource      bool    `koanf:"log_source" jsonschema_description:"whether log lines have the file and the line of the code that logs"`
	LogSampleRatio float64 `koanf:"log_sample_ratio" jsonschema:"minimum=0,maximum=1" jsonschema_description:"share of traces whose lines at level info are logged; warnings, errors, audit lines and lines of no request always are"`
	OTLPEndpoint   string  `koanf:"otlp_endpoint" jsonschema_description:"URL of an OTLP/gRPC collector, such as http://localhost:4317; empty sends no traces"`
	SampleRatio    float64 `koanf:"sample_ratio" jsonschema:"minimum=0,maximum=1" jsonschema_description:"share of traces that are sent where the caller has not decided; spans that end in an error of ours are sent in any case"`
}

// Default logs what our own modules say from info on, of a tenth of all requests, and sends no traces.
func Default() Config {
	return Config{Enabled: true, LogLevel: "info", LogSource: true, LogSampleRatio: 0.1, SampleRatio: 1}
}

// Validate refuses a filter that can't be read.
func (c Config) Validate() error {
	_, err := c.filter()
	return err
}

// Telemetry is what a process observes itself with.
type Telemetry struct {
	// Logger writes JSON lines; docs/observability/logs.md says what they have.
	Logger *slog.Logger
	// Registry holds the process's metrics, those of the Go runtime included.
	Registry *prometheus.Registry
	// Tracer makes spans. Without a collector it records none, but still gives every request its trace id.
	Tracer trace.TracerProvider
	// Propagator carries W3C trace context in and out.
	Propagator propagation.TextMapPropagator

	disabled bool
	log      *log // nil where nothing is logged.
	spans    interface{ Shutdown(context.Context) error }
}

// New builds a process's telemetry. Logs go to w. Only a malformed configuration fails; a collector that does not answer
// costs the traces and nothing else.
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

// Discard is telemetry for tests, and for commands that only call: it logs nothing and traces nothing.
func Discard() *Telemetry {
	provider := untraced()
	return &Telemetry{
		Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Tracer: provider,
		Propagator: propagation.TraceContext{}, spans: provider,
	}
}

// For returns the telemetry of one service of the process. Its log lines and metrics say which service and, where a
// process runs several of a kind, which replica.
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

// Shutdown sends what is still buffered, as far as collector and disk take it within the context.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	err := t.spans.Shutdown(ctx)
	if t.log != nil {
		err = errors.Join(err, t.log.out.flush(ctx))
	}
	return err
}

// labels are those of everything that a service measures.
func labels(service string, replica int) prometheus.Labels {
	return prometheus.Labels{"service": service, "replica": strconv.Itoa(replica)}
}
