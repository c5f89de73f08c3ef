// Package telemetry gives a process its logger, its metrics registry and its tracer. They are values that are handed
// to whoever needs them; nothing here is global.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

// Config is the telemetry section of every service's configuration.
type Config struct {
	LogLevel     string  `koanf:"log_level" jsonschema:"enum=debug,enum=info,enum=warn,enum=error" jsonschema_description:"least severe level that is logged"`
	OTLPEndpoint string  `koanf:"otlp_endpoint" jsonschema_description:"URL of an OTLP/gRPC collector, such as http://localhost:4317; empty sends no traces"`
	SampleRatio  float64 `koanf:"sample_ratio" jsonschema:"minimum=0,maximum=1" jsonschema_description:"share of traces that are recorded where the caller has not decided"`
}

// Default logs from info on and sends no traces.
func Default() Config {
	return Config{LogLevel: "info", SampleRatio: 1}
}

// Telemetry is what a process observes itself with.
type Telemetry struct {
	// Logger writes JSON lines with trace_id, span_id and request_id where the context has them.
	Logger *slog.Logger
	// Registry holds the process's metrics, those of the Go runtime included.
	Registry *prometheus.Registry
	// Tracer makes spans. Without a collector it records none, but still gives every request its trace id.
	Tracer trace.TracerProvider
	// Propagator carries W3C trace context in and out.
	Propagator propagation.TextMapPropagator

	shutdown func(context.Context) error
}

// New builds a process's telemetry. Logs go to w. Only a malformed endpoint fails; a collector that does not answer
// costs the traces and nothing else.
func New(ctx context.Context, process, version string, cfg Config, w io.Writer) (*Telemetry, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		return nil, fmt.Errorf("telemetry.log_level: %w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(resource.NewSchemaless(
			semconv.ServiceName(process), semconv.ServiceVersion(version), semconv.ServiceNamespace("bitcraps"))),
		sdktrace.WithSampler(sdktrace.NeverSample()),
	}
	if cfg.OTLPEndpoint != "" {
		exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(cfg.OTLPEndpoint))
		if err != nil {
			return nil, fmt.Errorf("telemetry.otlp_endpoint: %w", err)
		}
		options = append(options, sdktrace.WithBatcher(exporter),
			sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.SampleRatio))))
	}
	provider := sdktrace.NewTracerProvider(options...)
	return &Telemetry{
		Logger:     slog.New(newHandler(w, level)),
		Registry:   registry,
		Tracer:     provider,
		Propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
		shutdown:   provider.Shutdown,
	}, nil
}

// Discard is telemetry for tests: it logs nothing and traces nothing.
func Discard() *Telemetry {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	return &Telemetry{
		Logger:     slog.New(slog.DiscardHandler),
		Registry:   prometheus.NewRegistry(),
		Tracer:     provider,
		Propagator: propagation.TraceContext{},
		shutdown:   provider.Shutdown,
	}
}

// For returns the telemetry of one service of the process: its log lines and metrics carry the labels, given as pairs
// of names and values, such as "service", "game".
func (t *Telemetry) For(labels ...string) Scope {
	pairs := make(prometheus.Labels, len(labels)/2)
	logger := t.Logger
	for i := 0; i+1 < len(labels); i += 2 {
		pairs[labels[i]] = labels[i+1]
		logger = logger.With(labels[i], labels[i+1])
	}
	return Scope{
		Logger:     logger,
		Metrics:    prometheus.WrapRegistererWith(pairs, t.Registry),
		Tracer:     t.Tracer,
		Propagator: t.Propagator,
	}
}

// Shutdown sends what is still buffered.
func (t *Telemetry) Shutdown(ctx context.Context) error { return t.shutdown(ctx) }

// Scope is one service's share of a process's telemetry.
type Scope struct {
	Logger     *slog.Logger
	Metrics    prometheus.Registerer
	Tracer     trace.TracerProvider
	Propagator propagation.TextMapPropagator
}
