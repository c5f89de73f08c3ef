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

// tracer records a span for each round trip that a traced call waits for, however many statements it carries. Spans contain the names of
// statements and never their arguments, which may be a player's data.
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
	if !trace.SpanContextFromContext(ctx).IsSampled() { // This saves building the attributes; Child would record no span either.
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
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		span.SetAttributes(semconv.DBResponseStatusCode(pgErr.Code))
		span.SetStatus(codes.Error, "SQLSTATE "+pgErr.Code) // Its message may quote values.
	} else if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		span.SetStatus(codes.Error, fmt.Sprintf("no answer (%T)", err)) // Only the type: an encoding error would quote values, too.
	}
	span.End()
}

// nameOf returns sqlc's name of a statement, or else its first word.
func nameOf(sql string) string {
	words := strings.Fields(strings.TrimPrefix(sql[:min(len(sql), 100)], "-- name:"))
	if len(words) == 0 {
		return "QUERY"
	}
	return words[0]
}
