package telemetry

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

const (
	// maxSpans is how many spans may wait for the collector. Further ones are dropped.
	maxSpans = 16_384
	// spanBatch is how many spans are sent at once.
	spanBatch = 1024
	// exportTimeout is how long the collector may take for a batch.
	exportTimeout = 5 * time.Second
)

// unsampled returns a provider that gives every request a trace id and records nothing.
func unsampled() *sdktrace.TracerProvider {
	return sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
}

func newTracerProvider(ctx context.Context, process, version string, cfg Config, logger *slog.Logger, dropped prometheus.Counter) (*sdktrace.TracerProvider, error) {
	if cfg.OTLPEndpoint == "" {
		return unsampled(), nil
	}
	client, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(cfg.OTLPEndpoint), otlptracegrpc.WithTimeout(exportTimeout))
	if err != nil {
		return nil, err
	}
	spans := &exporter{SpanExporter: client, logger: logger, dropped: dropped}
	spans.ctx, spans.cancel = context.WithCancel(context.Background()) //nolint:gosec // G118: Shutdown calls it.
	spans.batches = sdktrace.NewBatchSpanProcessor(spans,
		sdktrace.WithMaxQueueSize(maxSpans), sdktrace.WithMaxExportBatchSize(spanBatch), sdktrace.WithExportTimeout(exportTimeout))
	return sdktrace.NewTracerProvider(
		sdktrace.WithResource(resource.NewSchemaless(
			semconv.ServiceName(process), semconv.ServiceVersion(version), semconv.ServiceNamespace("bitcraps"))),
		sdktrace.WithSampler(entrySampler{sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.SampleRatio))}),
		sdktrace.WithSpanProcessor(processor{spans.batches, spans}),
	), nil
}

// entrySampler records the first span of each call in a process even if its sampler drops the trace: whether the call fails is known
// only at its end. Recording the spans below it as well would cost too much.
type entrySampler struct{ sdktrace.Sampler }

// ShouldSample implements sdktrace.Sampler.
func (s entrySampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	result := s.Sampler.ShouldSample(p)
	parent := trace.SpanContextFromContext(p.ParentContext)
	if result.Decision == sdktrace.Drop && (!parent.IsValid() || parent.IsRemote()) {
		result.Decision = sdktrace.RecordOnly
	}
	return result
}
