package game

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// A transaction serves all calls of a group and is part of each one's trace. Its span is a child of the span of one of them, the
// leader, and links to the others; each of those links back.

// leader returns the command whose span is the parent of the group's transaction: the first whose trace is sampled.
func leader(group []*command) *command {
	i := slices.IndexFunc(group, func(cmd *command) bool { return trace.SpanContextFromContext(cmd.ctx).IsSampled() })
	return group[max(i, 0)]
}

// startGroupSpan starts the span of a group's transaction, as a child of the context's span.
func startGroupSpan(ctx context.Context, group []*command) (context.Context, trace.Span) {
	parent := trace.SpanContextFromContext(ctx)
	ctx, span := telemetry.Child(ctx, "commit group", trace.WithAttributes(attribute.Int("commit.group_size", len(group))))
	if !span.SpanContext().IsSampled() {
		return ctx, span
	}
	for _, cmd := range group {
		if own := trace.SpanContextFromContext(cmd.ctx); own.IsSampled() && own.SpanID() != parent.SpanID() {
			span.AddLink(trace.Link{SpanContext: own})
			cmd.transactionSpan = span.SpanContext()
		}
	}
	return ctx, span
}
