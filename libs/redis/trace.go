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

// tracing makes a span of each command that a traced call waits for. What runs in the background belongs to no call and
// has none.
type tracing struct{}

// DialHook implements goredis.Hook.
func (t tracing) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements goredis.Hook.
func (t tracing) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		return t.around(ctx, cmd.FullName(), func(ctx context.Context) error { return next(ctx, cmd) })
	}
}

// ProcessPipelineHook implements goredis.Hook.
func (t tracing) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		return t.around(ctx, "pipeline", func(ctx context.Context) error { return next(ctx, cmds) })
	}
}

func (t tracing) around(ctx context.Context, name string, next func(context.Context) error) error {
	ctx, span := telemetry.Child(ctx, "redis "+name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.system.name", "redis"), attribute.String("db.operation.name", name))) // Never a key: it names a player.
	defer span.End()
	err := next(ctx)
	if err != nil && !errors.Is(err, goredis.Nil) {
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}
