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

// noopSpan records nothing.
var noopSpan = trace.SpanFromContext(context.Background())

// Child starts a child of the context's span, with the same tracer provider. If that span is not sampled, or there is none, the child
// records nothing: background work belongs to no call and has no spans.
func Child(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.SpanContext().IsSampled() {
		return ctx, noopSpan
	}
	return parent.TracerProvider().Tracer("github.com/bitcraps/bitcraps").Start(ctx, name, options...)
}

// End ends a span with its result. A refusal that is the caller's fault does not give the span an error status.
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

// Traceparent formats a span context as a traceparent of W3C Trace Context; empty for an invalid one.
func Traceparent(sc trace.SpanContext) string {
	if !sc.IsValid() {
		return ""
	}
	id, span := sc.TraceID(), sc.SpanID()
	text := hex.AppendEncode(append(make([]byte, 0, 55), "00-"...), id[:])
	text = append(hex.AppendEncode(append(text, '-'), span[:]), '-')
	return string(hex.AppendEncode(text, []byte{byte(sc.TraceFlags() & (trace.FlagsSampled | trace.FlagsRandom))}))
}

// ParseTraceparent is the inverse of Traceparent. It returns an invalid span context for malformed text.
func ParseTraceparent(text string) trace.SpanContext {
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": text}))
}
