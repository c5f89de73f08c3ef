package gateway

import (
	"context"
	"net/http"
	"slices"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// traceresponseHeader tells the client the trace of its request (W3C Trace Context, level 2).
const traceresponseHeader = "Traceresponse"

// serverSpan is the options of every server span.
var serverSpan = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}

// startSpan starts a request's span. It does not use package otelhttp, which records the client's address and user agent, because these
// identify players.
//
// A client's trace is linked, not continued, unless the operator trusts the senders of traceparents: the sender chooses the trace's id
// and flags and thereby whether it is sampled.
func (g *Gateway) startSpan(w http.ResponseWriter, r *http.Request) (context.Context, trace.Span) {
	ctx, method, options := r.Context(), methodLabel(r.Method), serverSpan
	if r.Header.Get("Traceparent") != "" {
		client := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header)))
		switch {
		case g.cfg.Network.TrustTraceparent:
			ctx = trace.ContextWithRemoteSpanContext(ctx, client)
		case client.IsValid():
			options = append(slices.Clone(options), trace.WithLinks(trace.Link{SpanContext: client}))
		}
	}
	ctx, span := g.tracer.Start(ctx, method, options...)
	if span.IsRecording() {
		span.SetAttributes(semconv.HTTPRequestMethodKey.String(method))
	}
	w.Header().Set(traceresponseHeader, telemetry.Traceparent(span.SpanContext()))
	return ctx, span
}

// endSpan ends a request's span with the request's route and status.
func endSpan(span trace.Span, r *http.Request, record *record) {
	if span.IsRecording() {
		span.SetAttributes(semconv.HTTPResponseStatusCode(record.status))
		if record.route != "" {
			span.SetName(methodLabel(r.Method) + " " + record.route)
			span.SetAttributes(semconv.HTTPRoute(record.route))
		}
		if record.status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(record.status))
		}
	}
	span.End()
}
