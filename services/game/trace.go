package game

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// A transaction serves the calls of a group and is a part of each one's trace. Its span is below that of one of them, the leader,
// and has links to the others; each of those has a link back.

// leader is the command below whose span a group's transaction is: the first whose trace is kept.
func leader(group []*command) *command {
	i := slices.IndexFunc(group, func(cmd *command) bool { return trace.SpanContextFromContext(cmd.ctx).IsSampled() })
	return group[max(i, 0)]
}

// traced makes the span of a group's transaction, below the one of the context.
func traced(ctx context.Context, group []*command) (context.Context, trace.Span) {
	parent := trace.SpanContextFromContext(ctx)
	ctx, span := telemetry.Child(ctx, "commit group", trace.WithAttributes(attribute.Int("commit.group_size", len(group))))
	if !span.SpanContext().IsSampled() {
		return ctx, span
	}
	for _, cmd := range group {
		if own := trace.SpanContextFromContext(cmd.ctx); own.IsSampled() && own.SpanID() != parent.SpanID() {
			span.AddLink(trace.Link{SpanContext: own})
			cmd.written = span.SpanContext()
		}
	}
	return ctx, span
}
