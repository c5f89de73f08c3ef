// Package gateway provides the platform's public API server: it translates REST requests into gRPC calls of the services,
// authenticates callers and signs guests in, renders errors, streams events, and bounds what an unauthenticated client can send.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/gateway/internal/codec"
	"github.com/bitcraps/bitcraps/gateway/internal/live"
	"github.com/bitcraps/bitcraps/gateway/internal/ops"
	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// Deps are the gateway's dependencies: a connection to each service, and a clock.
type Deps struct {
	API, Game, Consensus grpc.ClientConnInterface
	Clock                clockwork.Clock
	// Gatherer provides the metrics that /metrics and /ops show; both are absent if it is nil.
	Gatherer prometheus.Gatherer
}

// The gRPC services that each of our services implements for the gateway.
var (
	apiContracts = []string{
		apiv1.PlayerService_ServiceDesc.ServiceName, apiv1.SessionService_ServiceDesc.ServiceName, apiv1.DeviceService_ServiceDesc.ServiceName,
		apiv1.AccountService_ServiceDesc.ServiceName, apiv1.ApiKeyService_ServiceDesc.ServiceName, apiv1.KeyService_ServiceDesc.ServiceName,
	}
	gameContracts = []string{
		gamev1.GameService_ServiceDesc.ServiceName, gamev1.LedgerService_ServiceDesc.ServiceName,
		gamev1.ProtectionService_ServiceDesc.ServiceName, gamev1.LobbyService_ServiceDesc.ServiceName,
	}
	consensusContracts = []string{consensusv1.ConsensusService_ServiceDesc.ServiceName}
)

// Targets are the services that the gateway calls.
var Targets = map[string]rpcclient.Target{
	identity.API:       {Service: identity.API, Contracts: apiContracts},
	identity.Game:      {Service: identity.Game, Contracts: gameContracts},
	identity.Consensus: {Service: identity.Consensus, Contracts: consensusContracts},
}

// Gateway serves the public API.
type Gateway struct {
	cfg              Config
	logger           *slog.Logger
	routes           routes
	auth             *authenticator
	rateLimits       *rateLimiter
	streamLimits     *streamLimiter
	connectionLimits *addressCounter
	live             *live.Feeds
	hijacked         sync.WaitGroup
	openConnections  atomic.Int64 // Number of open client connections.
	clock            clockwork.Clock
	redis            *redis.Client // nil if this process shares no state with other replicas.
	requests         *telemetry.Requests
	tracer           trace.Tracer
	checks           []admin.Check // For /health and /ready.
	ops              *ops.Monitor  // nil if the services' metrics are not in this process.
	handler          http.Handler
	draining         context.Context
	drain            context.CancelFunc
}

// New builds the gateway.
func New(ctx context.Context, cfg Config, deps Deps, scope telemetry.Scope) (*Gateway, error) {
	g := &Gateway{cfg: cfg, logger: scope.Logger, routes: make(routes), clock: deps.Clock, requests: telemetry.NewRequests(scope),
		tracer: scope.Tracer.Tracer("github.com/bitcraps/bitcraps/gateway")}
	scope.Utilization("connections", func() float64 { return telemetry.Ratio(g.openConnections.Load(), int64(cfg.Network.MaxConnections)) })
	var err error
	var board live.PresenceStore
	if cfg.Redis.Enabled() {
		if g.redis, err = redis.Open(ctx, cfg.Redis, deps.Clock, scope); err != nil {
			return nil, err
		}
		board = live.NewRedisPresence(g.redis, deps.Clock)
	}
	g.live = live.New(gamev1.NewGameServiceClient(deps.Game), board, deps.Clock, scope)
	if g.rateLimits, err = newRateLimiter(cfg, g.redis, deps.Clock, scope); err != nil {
		return nil, errors.Join(err, g.close())
	}
	g.streamLimits, g.connectionLimits = newStreamLimiter(0), newAddressCounter(0)
	if cfg.Security.EnableRateLimiting {
		g.streamLimits, g.connectionLimits = newStreamLimiter(cfg.Limits.Streams), newAddressCounter(cfg.Limits.Connections)
	}
	g.draining, g.drain = context.WithCancel(context.WithoutCancel(ctx))
	for _, route := range Routes() {
		g.routes[route.RPC] = route
	}
	game := newIdempotentConn(deps.Game)
	keys := newKeySource(apiv1.NewKeyServiceClient(deps.API), deps.Clock)
	g.auth = &authenticator{cfg: cfg.Auth, verifier: token.NewVerifier(keys, deps.Clock), rateLimits: g.rateLimits,
		players: apiv1.NewPlayerServiceClient(deps.API), sessions: apiv1.NewSessionServiceClient(deps.API)}
	g.auth.apiKeys = newAPIKeys(apiv1.NewApiKeyServiceClient(deps.API))
	g.auth.revocations = newRevocations(g.auth.sessions, deps.Clock, scope)
	if g.auth.cookies, err = newCookies(cfg.Network.EnableTLS || cfg.Auth.SecureCookies, deps.Clock, cfg.Auth.TrustedOrigins); err != nil {
		return nil, errors.Join(fmt.Errorf("auth.trusted_origins: %w", err), g.close())
	}
	mux, err := g.newMux(ctx, game, deps)
	if err != nil {
		return nil, errors.Join(err, g.close())
	}
	g.checks = upstreamChecks(deps)
	if g.redis != nil {
		g.checks = append(g.checks, g.redis.Check())
	}
	root := http.NewServeMux()
	root.Handle("/", g.addressMiddleware(g.headAsGet(mux)))
	root.Handle("GET /health", admin.Live(g.checks))
	root.Handle("GET /ready", admin.Ready(g.checks))
	if deps.Gatherer != nil {
		root.Handle("GET /metrics", admin.Metrics(deps.Gatherer))
		g.serveOps(root, deps)
	}
	serveDocs(root)
	g.handler = g.commonMiddleware(root)
	return g, nil
}

// newMux routes REST calls to the services.
func (g *Gateway) newMux(ctx context.Context, game grpc.ClientConnInterface, deps Deps) (*runtime.ServeMux, error) {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, codec.JSON{}),
		runtime.WithMarshalerOption(formType, codec.Form{}),
		runtime.WithErrorHandler(g.handleError),
		runtime.WithRoutingErrorHandler(g.handleRoutingError),
		runtime.WithForwardResponseOption(g.setStatus),
		// No client header ever becomes gRPC metadata, because services read the caller's identity from metadata.
		runtime.WithIncomingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithMiddlewares(g.routeMiddleware),
	)
	err := errors.Join(
		gamev1.RegisterLedgerServiceHandlerClient(ctx, mux, gamev1.NewLedgerServiceClient(game)),
		gamev1.RegisterLobbyServiceHandlerClient(ctx, mux, gamev1.NewLobbyServiceClient(game)),
		gamev1.RegisterProtectionServiceHandlerClient(ctx, mux, gamev1.NewProtectionServiceClient(game)),
		apiv1.RegisterPlayerServiceHandlerClient(ctx, mux, apiv1.NewPlayerServiceClient(deps.API)),
		apiv1.RegisterSessionServiceHandlerClient(ctx, mux, apiv1.NewSessionServiceClient(deps.API)),
		apiv1.RegisterDeviceServiceHandlerClient(ctx, mux, apiv1.NewDeviceServiceClient(deps.API)),
		apiv1.RegisterAccountServiceHandlerClient(ctx, mux, apiv1.NewAccountServiceClient(deps.API)),
		apiv1.RegisterApiKeyServiceHandlerClient(ctx, mux, apiv1.NewApiKeyServiceClient(deps.API)),
		apiv1.RegisterKeyServiceHandlerClient(ctx, mux, apiv1.NewKeyServiceClient(deps.API)),
		consensusv1.RegisterConsensusServiceHandlerClient(ctx, mux, consensusv1.NewConsensusServiceClient(deps.Consensus)),
		mux.HandlePath(http.MethodGet, EventsPath, g.serveEvents),
		mux.HandlePath(http.MethodGet, SocketPath, g.serveSocket),
		// The handler registered last is tried first, and most calls go to the game service.
		gamev1.RegisterGameServiceHandlerClient(ctx, mux, gamev1.NewGameServiceClient(game)),
	)
	return mux, err
}

// close releases the gateway's resources. It must be called after the last request has been served.
func (g *Gateway) close() error {
	g.live.Close()
	if g.redis == nil {
		return nil
	}
	return g.redis.Close()
}

// setStatus writes the status that the contract declares for success. If the call ended a browser's session, it also clears the
// browser's cookies.
func (g *Gateway) setStatus(ctx context.Context, w http.ResponseWriter, response proto.Message) error {
	if recordOf(ctx).cookie && signedOut(response) {
		g.auth.cookies.clear(w)
	}
	if rpc, ok := runtime.RPCMethod(ctx); ok {
		if route, ok := g.routes[rpc]; ok && route.Status != http.StatusOK {
			w.WriteHeader(route.Status)
		}
	}
	return nil
}

// signedOut reports whether a response means that the caller is no longer signed in.
func signedOut(response proto.Message) bool {
	switch answer := response.(type) {
	case *apiv1.EndSessionResponse:
		return answer.GetCurrent()
	case *apiv1.EndAllSessionsResponse, *apiv1.DeleteAccountResponse:
		return true
	}
	return false
}

// upstreamChecks are the readiness checks of the services. Without validators the tables still accept bets and show past rounds,
// so the consensus check only degrades readiness.
func upstreamChecks(deps Deps) []admin.Check {
	return []admin.Check{
		{Name: identity.API, Check: func(ctx context.Context) error {
			_, err := apiv1.NewKeyServiceClient(deps.API).ListKeys(ctx, &apiv1.ListKeysRequest{})
			return err
		}},
		{Name: identity.Game, Check: func(ctx context.Context) error {
			_, err := gamev1.NewGameServiceClient(deps.Game).ListGames(ctx, &gamev1.ListGamesRequest{PageSize: 1})
			return err
		}},
		{Name: identity.Consensus, Degrades: true, Check: func(ctx context.Context) error {
			status, err := consensusv1.NewConsensusServiceClient(deps.Consensus).GetStatus(ctx, &consensusv1.GetStatusRequest{})
			if err == nil && (status.GetCatchingUp() || status.GetConnected() < status.GetQuorum()) {
				err = errors.New("no quorum")
			}
			return err
		}},
	}
}

// Handler returns the gateway's HTTP handler, for use without its server.
func (g *Gateway) Handler() http.Handler { return g.handler }

// readTimeout bounds reading a whole request.
const readTimeout = 10 * time.Second

// writeTimeout bounds a response, including the upstream call that it waits for. A client that does not read the response
// holds the connection no longer than this.
func (g *Gateway) writeTimeout() time.Duration { return g.cfg.Limits.Timeout + 5*time.Second }

func (g *Gateway) server() *http.Server {
	return &http.Server{
		Handler:           g.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       readTimeout,
		WriteTimeout:      readTimeout + g.writeTimeout(), // Starts at the request's header. Writes to streams set their own deadlines.
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    g.cfg.Limits.HeaderBytes,
		ErrorLog:          slog.NewLogLogger(telemetry.Module(g.logger, "net/http").Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.Background() },
	}
}
