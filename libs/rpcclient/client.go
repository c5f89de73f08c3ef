// Package rpcclient builds gRPC clients that all behave alike: every call has a deadline and says who makes it; calls
// that the contract marks as idempotent are retried once more elsewhere when a server is unavailable, and no others.
package rpcclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/health" // Lets round_robin leave out servers that report NOT_SERVING.
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// Config says where a service is.
type Config struct {
	Addresses []string      `koanf:"addresses" jsonschema_description:"host:port of each replica, or one dns:/// target"`
	Timeout   time.Duration `koanf:"timeout" jsonschema_description:"deadline of calls whose context has none"`
}

// Dialer connects to one of a client's addresses. nil means TCP.
type Dialer func(ctx context.Context, address string) (net.Conn, error)

// Target is the service that a client calls.
type Target struct {
	// Service is the name in the server's certificate, such as identity.Game.
	Service string
	// Contracts are the full names of the gRPC services that are called; they say which calls may be retried.
	Contracts []string
}

// New returns a connection over which self calls the target. It connects when it is first used.
func New(self string, target Target, cfg Config, tls mtls.Config, dial Dialer, scope telemetry.Scope) (*grpc.ClientConn, error) {
	transport, err := tls.ClientCredentials(target.Service)
	if err != nil {
		return nil, err
	}
	if len(cfg.Addresses) == 0 {
		return nil, fmt.Errorf("%s: no address to call", target.Service)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(
			otelgrpc.WithTracerProvider(scope.Tracer), otelgrpc.WithPropagators(scope.Propagator))),
		grpc.WithDefaultServiceConfig(serviceConfig(target.Contracts)),
		grpc.WithDisableServiceConfig(),
		grpc.WithUnaryInterceptor(unary(self, cfg.Timeout)),
		grpc.WithStreamInterceptor(stream(self)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}),
	}
	if dial != nil {
		options = append(options, grpc.WithContextDialer(dial))
	}
	if len(cfg.Addresses) == 1 && strings.Contains(cfg.Addresses[0], ":///") {
		return grpc.NewClient(cfg.Addresses[0], options...)
	}
	addresses := manual.NewBuilderWithScheme("addresses")
	state := resolver.State{}
	for _, address := range cfg.Addresses {
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: address}}})
	}
	addresses.InitialState(state)
	return grpc.NewClient(addresses.Scheme()+":///"+target.Service, append(options, grpc.WithResolvers(addresses))...)
}

func unary(self string, timeout time.Duration) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if _, ok := ctx.Deadline(); !ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
		return invoker(outgoing(ctx, self), method, req, reply, cc, opts...)
	}
}

func stream(self string) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return streamer(outgoing(ctx, self), desc, cc, method, opts...)
	}
}

func outgoing(ctx context.Context, self string) context.Context {
	if id := telemetry.RequestID(ctx); id != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, rpcserver.RequestIDKey, id)
	}
	return identity.Outgoing(ctx, self)
}

// serviceConfig balances over the addresses by health and retries what the contracts mark as safe to repeat.
func serviceConfig(contracts []string) string {
	type name struct {
		Service string `json:"service"`
		Method  string `json:"method"`
	}
	var safe []name
	for _, contract := range contracts {
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(contract))
		if err != nil {
			panic(fmt.Sprintf("rpcclient: no contract %s: %v", contract, err)) // A constant of the caller is wrong.
		}
		methods := descriptor.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			options, _ := methods.Get(i).Options().(*descriptorpb.MethodOptions)
			if options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN {
				safe = append(safe, name{Service: contract, Method: string(methods.Get(i).Name())})
			}
		}
	}
	config := map[string]any{
		"loadBalancingConfig": []any{map[string]any{"round_robin": map[string]any{}}},
		"healthCheckConfig":   map[string]any{"serviceName": ""},
	}
	if len(safe) > 0 {
		config["methodConfig"] = []any{map[string]any{
			"name": safe,
			"retryPolicy": map[string]any{
				"maxAttempts": 3, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
				"retryableStatusCodes": []string{"UNAVAILABLE"},
			},
		}}
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(err) // Maps of strings and numbers always marshal.
	}
	return string(text)
}
