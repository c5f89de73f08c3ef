package rpcserver

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// local serves the unary calls of callers in the same process, without a connection.
type local struct {
	methods     map[string]method
	interceptor grpc.UnaryServerInterceptor
	tracer      trace.Tracer

	running sync.RWMutex // Each call holds it for reading; stop waits for it.
	stopped bool
}

// Call answers a unary call from this process on the caller's goroutine, with the same interceptors, copied messages and errors as over a
// connection. The caller is the context's identity, not one in metadata.
func (s *Server) Call(ctx context.Context, name string, req, reply proto.Message) error {
	s.local.running.RLock()
	defer s.local.running.RUnlock()
	m, known := s.local.methods[name]
	switch {
	case s.local.stopped:
		return status.Convert(errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the service is stopping; try again").RetryAfter(stoppingDelay)).Err()
	case !known:
		return status.Errorf(codes.Unimplemented, "unknown method %s", name)
	}
	ctx, span := s.local.startSpan(serverContext(ctx), name, m)
	answer, err := m.handler(m.server, ctx, func(into any) error { proto.Merge(into.(proto.Message), req); return nil }, s.local.interceptor)
	telemetry.End(span, err)
	if err != nil {
		return status.Convert(err).Err()
	}
	proto.Merge(reply, answer.(proto.Message))
	return nil
}

// serverContext returns the context in which a call is answered: without the caller's outgoing metadata, which must not leak into calls
// that the handler makes, and with a request id.
func serverContext(ctx context.Context) context.Context {
	if md, _ := metadata.FromOutgoingContext(ctx); len(md) > 0 {
		ctx = metadata.NewOutgoingContext(ctx, nil)
	}
	if telemetry.RequestID(ctx) == "" {
		ctx = telemetry.WithRequestID(ctx, uuid.NewString())
	}
	return ctx
}

// startSpan starts a call's span. Below a span that is not sampled it records nothing.
func (l *local) startSpan(ctx context.Context, name string, m method) (context.Context, trace.Span) {
	if parent := trace.SpanContextFromContext(ctx); parent.IsValid() && !parent.IsSampled() {
		return telemetry.Child(ctx, name)
	}
	return l.tracer.Start(ctx, name[1:], m.span...)
}

// stoppingDelay is the retry delay for callers of a stopping service.
const stoppingDelay = time.Second

// stop refuses further calls and waits for running ones.
func (l *local) stop() {
	l.running.Lock()
	defer l.running.Unlock()
	l.stopped = true
}
