// Package rpcserver builds gRPC servers with common behaviour: every call has a request id, a log line, metrics, an authenticated caller
// and, except for streams, a deadline; errors keep their reason and hide their cause; requests are validated by the rules of their
// contract before a handler sees them.
package rpcserver

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"buf.build/go/protovalidate"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// Config is the rpc section of a service's configuration.
type Config struct {
	Listen           string        `koanf:"listen" jsonschema_description:"address of the gRPC server"`
	Timeout          time.Duration `koanf:"timeout" jsonschema_description:"deadline of calls that have none"`
	MaxMessageBytes  int           `koanf:"max_message_bytes" jsonschema:"minimum=1024,maximum=16777216" jsonschema_description:"largest message that is received"`
	MaxHeaderBytes   uint32        `koanf:"max_header_bytes" jsonschema:"minimum=1024,maximum=1048576" jsonschema_description:"largest metadata that is received"`
	MaxStreams       uint32        `koanf:"max_streams" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"concurrent calls on one connection"`
	MaxConnectionAge time.Duration `koanf:"max_connection_age" jsonschema_description:"how long a client may use one connection before it must reconnect, and so find new replicas, give or take a tenth"`
	ConnectionGrace  time.Duration `koanf:"connection_grace" jsonschema_description:"how long calls and streams may continue after their connection has reached its maximum age"`
}

// Default returns the default limits of all services, without a listen address.
func Default() Config {
	return Config{
		Timeout:          10 * time.Second,
		MaxMessageBytes:  1 << 20,
		MaxHeaderBytes:   16 << 10,
		MaxStreams:       10_000,
		MaxConnectionAge: 5 * time.Minute,
		ConnectionGrace:  time.Minute,
	}
}

// Validate returns an error for durations that would end calls or connections at once. 0 means no limit for those of connections.
func (c Config) Validate() (err error) {
	if c.Timeout <= 0 {
		err = errors.New("rpc.timeout: want more than 0")
	}
	if c.MaxConnectionAge < 0 {
		err = errors.Join(err, errors.New("rpc.max_connection_age: want 0, which is without a limit, or more"))
	}
	if c.ConnectionGrace < 0 {
		err = errors.Join(err, errors.New("rpc.connection_grace: want 0, which is without a limit, or more"))
	}
	return err
}

// streamWorkers is how many goroutines are reused for calls, so that their stacks need not grow again. A call that finds none free gets a
// new one.
const streamWorkers = 32

// pingInterval is how often a client may send keepalive pings. Ours do every ten seconds; one that pings much more often is disconnected.
const pingInterval = 5 * time.Second

// Server is a gRPC server with health and reflection.
type Server struct {
	// GRPC serves calls over connections. Services must register with the Server itself.
	GRPC *grpc.Server
	// Health serves the gRPC health protocol. Its status starts as SERVING.
	Health *health.Server

	local   local
	bundles bundles
}

// New builds a server. It uses plain text where TLS has no files.
func New(cfg Config, tls mtls.Config, scope telemetry.Scope) (*Server, error) {
	transport, err := tls.ServerCredentials(scope.Logger)
	if err != nil {
		return nil, err
	}
	validator, err := protovalidate.New()
	if err != nil {
		return nil, err
	}
	rules := &access{audit: telemetry.Audit(scope.Logger)}
	all := chain{logged(scope.Logger), measured(telemetry.NewRequests(scope)), masked(scope.Logger), recovered, withDeadline(cfg.Timeout)}
	remote := slices.Concat(chain{withRequestID}, all, chain{authenticated, rules.authorized})
	server := &Server{Health: health.NewServer(), GRPC: grpc.NewServer(
		grpc.Creds(transport),
		grpc.StatsHandler(otelgrpc.NewServerHandler(
			otelgrpc.WithTracerProvider(scope.Tracer), otelgrpc.WithPropagators(scope.Propagator))),
		grpc.UnaryInterceptor(unary(remote, validator)),
		grpc.StreamInterceptor(stream(remote, validator)),
		grpc.MaxRecvMsgSize(cfg.MaxMessageBytes),
		grpc.MaxHeaderListSize(cfg.MaxHeaderBytes),
		grpc.MaxConcurrentStreams(cfg.MaxStreams),
		grpc.ConnectionTimeout(5*time.Second),
		grpc.NumStreamWorkers(streamWorkers),
		// gRPC adds a jitter of a tenth, so that connections that started together do not end together.
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: cfg.MaxConnectionAge, MaxConnectionAgeGrace: cfg.ConnectionGrace}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingInterval, PermitWithoutStream: true}),
	)}
	tracer := scope.Tracer.Tracer("rpcserver")
	server.local = local{methods: make(map[string]method), interceptor: unary(append(all, rules.authorized), validator), tracer: tracer}
	server.bundles = bundles{methods: make(map[string]method), interceptor: unary(remote, validator), tracer: tracer, workers: newWorkers()}
	rules.server = server.GRPC
	healthpb.RegisterHealthServer(server.GRPC, server.Health)
	reflection.Register(server.GRPC)
	return server, nil
}

// Serve answers calls until Stop, which may be called before Serve.
func (s *Server) Serve(listener net.Listener) error {
	if err := s.GRPC.Serve(listener); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// Stop reports NOT_SERVING to health checkers, waits for running calls, and cancels those over connections that still run when the
// context ends.
func (s *Server) Stop(ctx context.Context) error {
	s.Health.Shutdown()
	done := make(chan struct{})
	go func() { s.GRPC.GracefulStop(); s.local.stop(); s.bundles.workers.stop(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.GRPC.Stop()
		<-done // Calls from this process have deadlines of their own.
		return ctx.Err()
	}
}
