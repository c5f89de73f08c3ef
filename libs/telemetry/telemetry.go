// Package telemetry gives a process its logger, its metrics registry and its tracer. They are values that are handed
// to whoever needs them; nothing here is global.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Config is the telemetry section of every service's configuration.
type Config struct {
	Enabled      bool    `koanf:"enabled" jsonschema_description:"false measures and traces no requests, to find out what telemetry costs; the log is kept"`
	LogLevel     string  `koanf:"log_level" jsonschema:"enum=debug,enum=info,enum=warn,enum=error" jsonschema_description:"least severe level that is logged"`
	OTLPEndpoint string  `koanf:"otlp_endpoint" jsonschema_description:"URL of an OTLP/gRPC collector, such as http://localhost:4317; empty sends no traces"`
	SampleRatio  float64 `koanf:"sample_ratio" jsonschema:"minimum=0,maximum=1" jsonschema_description:"share of traces that are recorded where the caller has not decided"`
}

// Default logs from info on and sends no traces.
func Default() Config {
	return Config{Enabled: true, LogLevel: "info", SampleRatio: 1}
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

	disabled bool
	shutdown func(context.Context) error
}

// New builds a process's telemetry. Logs go to w. Only a malformed endpoint fails; a collector that does not answer
// costs the traces and nothing else.
func New(ctx context.Context, process, version string, cfg Config, w io.Writer) (*Telemetry, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		return nil, fmt.Errorf("telemetry.log_level: %w", err)
	}
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
	t := &Telemetry{
		Logger:     slog.New(newHandler(w, level)),
		Registry:   prometheus.NewRegistry(),
		Tracer:     provider,
		Propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
		disabled:   !cfg.Enabled,
		shutdown:   provider.Shutdown,
	}
	if t.disabled {
		t.Tracer = noop.NewTracerProvider()
		return t, nil
	}
	observeProcess(t.For(process, 0), t.Registry)
	return t, nil
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

// For returns the telemetry of one service of the process. Its log lines and metrics say which service and, where a
// process runs several of a kind, which replica.
func (t *Telemetry) For(service string, replica int) Scope {
	labels := prometheus.Labels{"service": service, "replica": strconv.Itoa(replica)}
	return Scope{
		Logger:     t.Logger.With("service", service, "replica", replica),
		Metrics:    &metrics{Registerer: prometheus.WrapRegistererWith(labels, t.Registry)},
		Tracer:     t.Tracer,
		Propagator: t.Propagator,
		Disabled:   t.disabled,
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
	// Disabled is true where requests are not to be measured.
	Disabled bool
}

// Forget unregisters the scope's metrics, so that the service can be built again in the same process.
func (s Scope) Forget() {
	if m, ok := s.Metrics.(*metrics); ok {
		m.forget()
	}
}

// metrics remembers what was registered.
type metrics struct {
	prometheus.Registerer
	mu         sync.Mutex
	collectors []prometheus.Collector
}

// Register implements prometheus.Registerer.
func (m *metrics) Register(c prometheus.Collector) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collectors = append(m.collectors, c)
	return m.Registerer.Register(c)
}

// MustRegister implements prometheus.Registerer.
func (m *metrics) MustRegister(collectors ...prometheus.Collector) {
	for _, c := range collectors {
		if err := m.Register(c); err != nil {
			panic(err)
		}
	}
}

func (m *metrics) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.collectors {
		m.Unregister(c)
	}
	m.collectors = nil
}
