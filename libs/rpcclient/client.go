// Package rpcclient builds gRPC clients with common behaviour: each unary call has a deadline, every call carries its caller's identity, and
// calls are balanced over the healthy replicas. Calls that the contract marks as idempotent, and calls that carry a request id, are
// retried at another replica when a server is unavailable; no others are, and calls are never hedged. When the last replica's connection
// ends, calls wait a moment for another one.
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

// Config configures the client of a service.
type Config struct {
	Addresses []string      `koanf:"addresses" jsonschema_description:"host:port of each replica, or one gRPC target, such as dns:///game:7000"`
	Timeout   time.Duration `koanf:"timeout" jsonschema_description:"deadline of calls whose context has none"`
}

// Validate returns an error for every setting that no call could be made with. It names keys within a section, such as upstream.game.
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

// isTarget reports whether an address is a gRPC target rather than host:port.
func isTarget(address string) bool { return strings.Contains(address, "://") }

// reconnect bounds the delay until a replica that has come back is used again. gRPC's own limit is two minutes.
var reconnect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: maxReconnectDelay},
	MinConnectTimeout: 5 * time.Second,
}

// Dialer connects to one of a client's addresses. nil means TCP.
type Dialer func(ctx context.Context, address string) (net.Conn, error)

// Target is the service that a client calls.
type Target struct {
	// Service is the name in the server's certificate, such as identity.Game.
	Service string
	// Contracts are the full names of the gRPC services that are called; they determine which calls may be retried, and which are bundled.
	Contracts []string
}

// New returns a connection over which the service self calls the target. It connects when it is first used.
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
		grpc.WithChainUnaryInterceptor(unary(self, cfg.Timeout), retryByRequestID, newBundler(target.Contracts).intercept),
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
		ctx, cancel := withDefaultTimeout(ctx, timeout)
		defer cancel()
		return invoker(outgoing(ctx, self), method, req, reply, cc, opts...)
	}
}

// withDefaultTimeout applies the timeout to a context without a deadline.
func withDefaultTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
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
