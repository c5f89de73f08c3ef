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

// exporter sends spans to the collector. The SDK's batches drop what they have no room for and do not say so; so this one
// counts what waits, and gives them no more than they hold.
type exporter struct {
	sdktrace.SpanExporter
	batches sdktrace.SpanProcessor
	ended   context.Context // Ends when the process waits for the collector no longer.
	giveUp  context.CancelFunc
	waiting atomic.Int64
	failing atomic.Bool
	logger  *slog.Logger
	dropped prometheus.Counter
}

// take has a span sent, unless too many wait.
func (e *exporter) take(span sdktrace.ReadOnlySpan) {
	if e.waiting.Add(1) > maxSpans {
		e.waiting.Add(-1)
		e.dropped.Inc()
		return
	}
	e.batches.OnEnd(span)
}

// ExportSpans implements sdktrace.SpanExporter. What fails is dropped: by the time that the collector is back there are others.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.ended, cancel)()
	err := e.SpanExporter.ExportSpans(ctx, spans)
	e.waiting.Add(-int64(len(spans)))
	switch {
	case err != nil:
		e.dropped.Add(float64(len(spans)))
		if e.failing.CompareAndSwap(false, true) {
			e.logger.WarnContext(ctx, "the collector takes no spans; they are dropped until it does", "error", err)
		}
	case e.failing.CompareAndSwap(true, false):
		e.logger.InfoContext(ctx, "the collector takes spans again")
	}
	return nil
}

// processor decides which of the ended spans are sent.
type processor struct {
	sdktrace.SpanProcessor // Starts, ends and flushes.
	*exporter
}

// OnEnd implements sdktrace.SpanProcessor: it sends what was sampled, and each error of ours. To clients, every refusal is an error,
// so their spans do not count; what a client was refused by our fault its server says, or whoever waited for the client.
func (p processor) OnEnd(span sdktrace.ReadOnlySpan) {
	switch {
	case span.SpanContext().IsSampled():
		p.take(span)
	case span.Status().Code == codes.Error && span.SpanKind() != trace.SpanKindClient:
		p.take(kept{span})
	}
}

// kept is a span that is sent although its trace was not sampled.
type kept struct{ sdktrace.ReadOnlySpan }

// SpanContext implements sdktrace.ReadOnlySpan.
func (k kept) SpanContext() trace.SpanContext {
	sc := k.ReadOnlySpan.SpanContext()
	return sc.WithTraceFlags(sc.TraceFlags().WithSampled(true))
}

// flushPatience is how long a process that stops waits for the collector.
const flushPatience = 3 * time.Second

// Shutdown implements sdktrace.SpanProcessor. That the collector is away keeps no process from stopping in good order.
func (p processor) Shutdown(ctx context.Context) error {
	defer time.AfterFunc(flushPatience, p.giveUp).Stop()
	return p.SpanProcessor.Shutdown(ctx)
}
