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

// local are the methods that callers within the process reach without a connection.
type local struct {
	methods     map[string]method
	interceptor grpc.UnaryServerInterceptor
	tracer      trace.Tracer

	running sync.RWMutex // Each call holds it for reading; whoever stops the server waits for it.
	stopped bool
}

// Call answers a unary call of this process: by the same interceptors, with copies of the messages and the errors that a
// connection would carry, but on the caller's goroutine. The context's identity says who calls; metadata says nothing.
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
	ctx, span := s.local.span(own(ctx), name, m)
	answer, err := m.handler(m.server, ctx, func(into any) error { proto.Merge(into.(proto.Message), req); return nil }, s.local.interceptor)
	telemetry.End(span, err)
	if err != nil {
		return status.Convert(err).Err()
	}
	proto.Merge(reply, answer.(proto.Message))
	return nil
}

// own is the context in which a call is answered: what it calls itself has its own metadata, and every call has a request id.
func own(ctx context.Context) context.Context {
	if md, _ := metadata.FromOutgoingContext(ctx); len(md) > 0 {
		ctx = metadata.NewOutgoingContext(ctx, nil)
	}
	if telemetry.RequestID(ctx) == "" {
		ctx = telemetry.WithRequestID(ctx, uuid.NewString())
	}
	return ctx
}

// span begins a call's span, unless it would be below one that is not sampled: that records nothing.
func (l *local) span(ctx context.Context, name string, m method) (context.Context, trace.Span) {
	if parent := trace.SpanContextFromContext(ctx); parent.IsValid() && !parent.IsSampled() {
		return telemetry.Child(ctx, name)
	}
	return l.tracer.Start(ctx, name[1:], m.span...)
}

// stoppingDelay is when callers of a service that stops are told to come back.
const stoppingDelay = time.Second

// stop refuses further calls and waits for those that run.
func (l *local) stop() {
	l.running.Lock()
	defer l.running.Unlock()
	l.stopped = true
}
