package rpcserver

import (
	"context"
	"sync"
	"time"

	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
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

type method struct {
	server     any
	handler    grpc.MethodHandler
	attributes trace.SpanStartEventOption // What otelgrpc says of a call by connection.
}

// RegisterService implements grpc.ServiceRegistrar.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, server any) {
	s.GRPC.RegisterService(desc, server)
	for _, m := range desc.Methods {
		name := desc.ServiceName + "/" + m.MethodName
		s.local.methods["/"+name] = method{server, m.Handler, trace.WithAttributes(semconv.RPCSystemNameGRPC, semconv.RPCMethod(name))}
	}
}

// Call answers a unary call of this process: by the same interceptors, with copies of the messages and the errors that a
// connection would carry, but on the caller's goroutine. The context's outgoing metadata says who calls.
func (s *Server) Call(ctx context.Context, name string, req, reply proto.Message) error {
	s.local.running.RLock()
	defer s.local.running.RUnlock()
	m, known := s.local.methods[name]
	switch {
	case s.local.stopped:
		return status.Convert(errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the service is stopping").RetryAfter(stoppingDelay)).Err()
	case !known:
		return status.Errorf(codes.Unimplemented, "unknown method %s", name)
	}
	md, _ := metadata.FromOutgoingContext(ctx)
	ctx = metadata.NewIncomingContext(metadata.NewOutgoingContext(ctx, nil), md) // What it calls itself has its own.
	ctx, span := s.local.tracer.Start(ctx, name[1:], trace.WithSpanKind(trace.SpanKindServer), m.attributes)
	answer, err := m.handler(m.server, ctx, func(into any) error { proto.Merge(into.(proto.Message), req); return nil }, s.local.interceptor)
	telemetry.End(span, err)
	if err != nil {
		return status.Convert(err).Err()
	}
	proto.Merge(reply, answer.(proto.Message))
	return nil
}

// stoppingDelay is when callers of a service that stops are told to come back.
const stoppingDelay = time.Second

// stop refuses further calls and waits for those that run.
func (l *local) stop() {
	l.running.Lock()
	defer l.running.Unlock()
	l.stopped = true
}

// chained is what grpc.ChainUnaryInterceptor makes of interceptors, the outermost first.
func chained(interceptors []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		for i := len(interceptors) - 1; i >= 0; i-- {
			next := handler
			handler = func(ctx context.Context, req any) (any, error) { return interceptors[i](ctx, req, info, next) }
		}
		return handler(ctx, req)
	}
}
