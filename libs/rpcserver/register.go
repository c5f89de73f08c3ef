package rpcserver

import (
	"slices"

	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	bundlev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/bundle/v1"
)

// method answers a unary call that came in another way than by itself over a connection.
type method struct {
	server  any
	handler grpc.MethodHandler
	span    []trace.SpanStartOption // What otelgrpc says of a call by connection.
}

// RegisterService implements grpc.ServiceRegistrar. With the first contract that bundles methods, the server takes bundles.
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
