package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// tracer makes a span of each round trip that a traced call waits for, however many statements go with it. Spans have the names of
// statements and never what is asked for, which may be a player's.
type tracer struct{}

type spanKey struct{}

// TraceQueryStart implements pgx.QueryTracer.
func (tracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return start(ctx, conn, nameOf(data.SQL))
}

// TraceQueryEnd implements pgx.QueryTracer.
func (tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	end(ctx, data.Err)
}

// TraceBatchStart implements pgx.BatchTracer.
func (tracer) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	return start(ctx, conn, "BATCH", semconv.DBOperationBatchSize(data.Batch.Len()))
}

// TraceBatchQuery implements pgx.BatchTracer.
func (tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	end(ctx, data.Err)
}

func start(ctx context.Context, conn *pgx.Conn, name string, more ...attribute.KeyValue) context.Context {
	if !trace.SpanContextFromContext(ctx).IsSampled() { // Spares the attributes; Child would make no span either.
		return ctx
	}
	ctx, span := telemetry.Child(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(append(more,
		semconv.DBSystemNamePostgreSQL, semconv.DBNamespace(conn.Config().Database), semconv.DBOperationName(name))...))
	return context.WithValue(ctx, spanKey{}, span)
}

func end(ctx context.Context, err error) {
	span, ok := ctx.Value(spanKey{}).(trace.Span)
	if !ok {
		return
	}
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		span.SetAttributes(semconv.DBResponseStatusCode(said.Code))
		span.SetStatus(codes.Error, "SQLSTATE "+said.Code) // What else it says may quote values.
	} else if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		span.SetStatus(codes.Error, fmt.Sprintf("no answer (%T)", err)) // An error of encoding would quote values, too.
	}
	span.End()
}

// nameOf is what sqlc calls a statement, and otherwise its first word.
func nameOf(sql string) string {
	words := strings.Fields(strings.TrimPrefix(sql[:min(len(sql), 100)], "-- name:"))
	if len(words) == 0 {
		return "QUERY"
	}
	return words[0]
}
