package redis

import (
	"context"
	"errors"
	"net"

	goredis "github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// traceHook records a span for each command that a traced call waits for. Background work belongs to no call and has no spans.
type traceHook struct{}

// DialHook implements goredis.Hook.
func (t traceHook) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements goredis.Hook.
func (t traceHook) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		return t.record(ctx, cmd.FullName(), func(ctx context.Context) error { return next(ctx, cmd) })
	}
}

// ProcessPipelineHook implements goredis.Hook.
func (t traceHook) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		return t.record(ctx, "pipeline", func(ctx context.Context) error { return next(ctx, cmds) })
	}
}

func (t traceHook) record(ctx context.Context, name string, next func(context.Context) error) error {
	ctx, span := telemetry.Child(ctx, "redis "+name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.system.name", "redis"), attribute.String("db.operation.name", name))) // Never a key: it may contain a player's id.
	defer span.End()
	err := next(ctx)
	if err != nil && !errors.Is(err, goredis.Nil) {
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}
