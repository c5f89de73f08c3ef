package telemetry

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// exporter sends spans to the collector. The SDK's batch processor silently drops spans that it has no room for; so the exporter counts
// the waiting spans, and passes on no more than fit.
type exporter struct {
	sdktrace.SpanExporter
	batches sdktrace.SpanProcessor
	ctx     context.Context // Ends when the process no longer waits for the collector.
	cancel  context.CancelFunc
	waiting atomic.Int64
	failing atomic.Bool
	logger  *slog.Logger
	dropped prometheus.Counter
}

// enqueue queues a span to be sent, or drops it if too many wait.
func (e *exporter) enqueue(span sdktrace.ReadOnlySpan) {
	if e.waiting.Add(1) > maxSpans {
		e.waiting.Add(-1)
		e.dropped.Inc()
		return
	}
	e.batches.OnEnd(span)
}

// ExportSpans implements sdktrace.SpanExporter. A batch that fails is dropped: by the time the collector is back there are newer spans.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.ctx, cancel)()
	err := e.SpanExporter.ExportSpans(ctx, spans)
	e.waiting.Add(-int64(len(spans)))
	switch {
	case err != nil:
		e.dropped.Add(float64(len(spans)))
		if e.failing.CompareAndSwap(false, true) {
			e.logger.WarnContext(ctx, "the collector accepts no spans; they are dropped until it does", "error", err)
		}
	case e.failing.CompareAndSwap(true, false):
		e.logger.InfoContext(ctx, "the collector accepts spans again")
	}
	return nil
}

// processor decides which of the ended spans are sent.
type processor struct {
	sdktrace.SpanProcessor // Handles everything but OnEnd and Shutdown.
	*exporter
}

// OnEnd implements sdktrace.SpanProcessor. It sends sampled spans, and those that ended in an error of ours. Client spans do not count
// among the latter, since to a client every refusal is an error; if we are at fault, the server's span or the client's parent shows it.
func (p processor) OnEnd(span sdktrace.ReadOnlySpan) {
	switch {
	case span.SpanContext().IsSampled():
		p.enqueue(span)
	case span.Status().Code == codes.Error && span.SpanKind() != trace.SpanKindClient:
		p.enqueue(forceSampled{span})
	}
}

// forceSampled is a span that is sent although its trace was not sampled.
type forceSampled struct{ sdktrace.ReadOnlySpan }

// SpanContext implements sdktrace.ReadOnlySpan.
func (s forceSampled) SpanContext() trace.SpanContext {
	sc := s.ReadOnlySpan.SpanContext()
	return sc.WithTraceFlags(sc.TraceFlags().WithSampled(true))
}

// flushTimeout is how long a stopping process waits for the collector.
const flushTimeout = 3 * time.Second

// Shutdown implements sdktrace.SpanProcessor. A collector that is down does not prevent a graceful shutdown.
func (p processor) Shutdown(ctx context.Context) error {
	defer time.AfterFunc(flushTimeout, p.cancel).Stop()
	return p.SpanProcessor.Shutdown(ctx)
}
