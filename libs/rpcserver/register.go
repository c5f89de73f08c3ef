package rpcserver

import (
	"slices"

	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	bundlev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/bundle/v1"
)

// method handles unary calls that do not arrive by themselves over a connection: those of the same process, and those in bundles.
type method struct {
	server  any
	handler grpc.MethodHandler
	span    []trace.SpanStartOption // The options that otelgrpc uses for calls over a connection.
}

// RegisterService implements grpc.ServiceRegistrar. From the first contract with bundled methods on, the server accepts bundles.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, server any) {
	s.GRPC.RegisterService(desc, server)
	bundled := Bundled(desc.ServiceName)
	if len(bundled) > 0 && len(s.bundles.methods) == 0 {
		bundlev1.RegisterBundleServiceServer(s, &s.bundles)
	}
	for _, m := range desc.Methods {
		name := desc.ServiceName + "/" + m.MethodName
		of := method{server, m.Handler, []trace.SpanStartOption{
			trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(semconv.RPCSystemNameGRPC, semconv.RPCMethod(name))}}
		s.local.methods["/"+name] = of
		if slices.Contains(bundled, "/"+name) {
			s.bundles.methods["/"+name] = of
		}
	}
}
