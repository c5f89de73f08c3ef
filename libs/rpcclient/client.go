// Package rpcclient builds gRPC clients that all behave alike: each call but a stream has a deadline, says who makes it, and goes to
// the next replica that is well. Calls that the contract marks as idempotent, and calls that carry a request id, are tried
// again elsewhere when a server is unavailable; no others are, and none is sent twice at once.
package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	_ "google.golang.org/grpc/health" // Lets round_robin leave out servers that report NOT_SERVING.
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// Config says where a service is.
type Config struct {
	Addresses []string      `koanf:"addresses" jsonschema_description:"host:port of each replica, or one target of gRPC, such as dns:///game:7000"`
	Timeout   time.Duration `koanf:"timeout" jsonschema_description:"deadline of calls whose context has none"`
}

// Validate refuses what no call could be made with. The error names keys within a section, such as upstream.game.
func (c Config) Validate(section string) (err error) {
	if len(c.Addresses) == 0 {
		err = fmt.Errorf("%s.addresses: name the host:port of each replica, or one target of gRPC, such as dns:///game:7000", section)
	}
	if len(c.Addresses) > 1 && slices.ContainsFunc(c.Addresses, isTarget) {
		err = errors.Join(err, fmt.Errorf("%s.addresses: a target of gRPC, such as dns:///game:7000, stands alone: it finds all replicas", section))
	}
	if c.Timeout <= 0 {
		err = errors.Join(err, fmt.Errorf("%s.timeout: want more than 0", section))
	}
	return err
}

// isTarget reports whether an address is one of gRPC's targets, and not host:port.
func isTarget(address string) bool { return strings.Contains(address, "://") }

// reconnect is how long a replica that went away stays away after it came back, at most. gRPC's own limit is two minutes.
var reconnect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
	MinConnectTimeout: 5 * time.Second,
}

// Dialer connects to one of a client's addresses. nil means TCP.
type Dialer func(ctx context.Context, address string) (net.Conn, error)

// Target is the service that a client calls.
type Target struct {
	// Service is the name in the server's certificate, such as identity.Game.
	Service string
	// Contracts are the full names of the gRPC services that are called; they say which calls may be retried, and which share messages.
	Contracts []string
}

// New returns a connection over which self calls the target. It connects when it is first used.
func New(self string, target Target, cfg Config, tls mtls.Config, dial Dialer, scope telemetry.Scope) (*grpc.ClientConn, error) {
	transport, err := tls.ClientCredentials(target.Service, scope.Logger)
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
		grpc.WithChainUnaryInterceptor(unary(self, cfg.Timeout), retriedByRequestID, newBundler(target.Contracts).intercept),
		grpc.WithStreamInterceptor(stream(self)),
		grpc.WithConnectParams(reconnect),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}),
	}
	if dial != nil {
		options = append(options, grpc.WithContextDialer(dial))
	}
	if len(cfg.Addresses) == 1 && isTarget(cfg.Addresses[0]) {
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
		ctx, cancel := bounded(ctx, timeout)
		defer cancel()
		return invoker(outgoing(ctx, self), method, req, reply, cc, opts...)
	}
}

// bounded gives a context without a deadline one.
func bounded(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
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
