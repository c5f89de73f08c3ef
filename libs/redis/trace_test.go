package redis_test

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

func TestCommandsAreInTheTraceOfTheirCall(t *testing.T) {
	recorder, scope := tracetest.NewSpanRecorder(), telemetry.Discard().For("test", 0)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	scope.Tracer = provider
	client, err := redis.Open(t.Context(), redis.Config{URL: testserver.Redis(t), Timeout: 10 * time.Second}, clockwork.NewFakeClock(), scope)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	client.Get(t.Context(), "of no call")
	ctx, call := provider.Tracer("test").Start(t.Context(), "call")
	client.Get(ctx, "player 7")
	call.End()
	spans := recorder.Ended()
	if len(spans) != 2 || spans[0].Name() != "redis get" || spans[0].Parent().SpanID() != call.SpanContext().SpanID() {
		t.Fatalf("spans: %v", spans)
	}
	if spans[0].Status().Description != "" {
		t.Errorf("that there is no such key is an error: %v", spans[0].Status())
	}
}
