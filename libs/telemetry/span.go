package telemetry

import (
	"context"
	"encoding/hex"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/errs"
)

// none is a span that records nothing.
var none = trace.SpanFromContext(context.Background())

// Child starts a span below the context's, of the same tracer provider. Where that one is not sampled, or there is none, the child
// records nothing: what runs in the background belongs to no call and makes no spans.
func Child(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.SpanContext().IsSampled() {
		return ctx, none
	}
	return parent.TracerProvider().Tracer("github.com/bitcraps/bitcraps").Start(ctx, name, options...)
}

// End ends a span with what came of it. A refusal that is the caller's fault is no error of the span's.
func End(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		masked := errs.Mask(err)
		span.SetAttributes(semconv.ErrorTypeKey.String(errs.Name(errs.Reason(masked))))
		if errs.HTTPStatus(masked) >= 500 {
			span.SetStatus(codes.Error, err.Error())
		}
	}
	span.End()
}

// Traceparent is a span context as W3C Trace Context writes it; empty for that of none.
func Traceparent(sc trace.SpanContext) string {
	if !sc.IsValid() {
		return ""
	}
	id, span := sc.TraceID(), sc.SpanID()
	text := hex.AppendEncode(append(make([]byte, 0, 55), "00-"...), id[:])
	text = append(hex.AppendEncode(append(text, '-'), span[:]), '-')
	return string(hex.AppendEncode(text, []byte{byte(sc.TraceFlags() & (trace.FlagsSampled | trace.FlagsRandom))}))
}

// ParseTraceparent reads what Traceparent wrote. What is malformed is the span context of none.
func ParseTraceparent(text string) trace.SpanContext {
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": text}))
}
