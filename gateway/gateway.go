// Package gateway is the only door to the platform: it turns REST calls into calls of the services, signs guests in,
// renders errors, streams events, and bounds what a stranger can send.
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

// Deps are what the gateway works with: a connection to each service.
type Deps struct {
	API, Game, Consensus grpc.ClientConnInterface
	Clock                clockwork.Clock
	// Gatherer is what /metrics and /ops show; nil hides them.
	Gatherer prometheus.Gatherer
}

// apiContracts are the contracts of the api service.
var apiContracts = []string{
	apiv1.PlayerService_ServiceDesc.ServiceName, apiv1.SessionService_ServiceDesc.ServiceName, apiv1.DeviceService_ServiceDesc.ServiceName,
	apiv1.AccountService_ServiceDesc.ServiceName, apiv1.ApiKeyService_ServiceDesc.ServiceName, apiv1.KeyService_ServiceDesc.ServiceName,
}

// Targets are the services that the gateway calls.
var Targets = map[string]rpcclient.Target{
	identity.API: {Service: identity.API, Contracts: apiContracts},
	identity.Game: {Service: identity.Game, Contracts: []string{gamev1.GameService_ServiceDesc.ServiceName, gamev1.LedgerService_ServiceDesc.ServiceName,
		gamev1.ProtectionService_ServiceDesc.ServiceName, gamev1.LobbyService_ServiceDesc.ServiceName}},
	identity.Consensus: {Service: identity.Consensus, Contracts: []string{consensusv1.ConsensusService_ServiceDesc.ServiceName}},
}

// Gateway is the door.
type Gateway struct {
	cfg      Config
	logger   *slog.Logger
	routes   routes
	signIn   *signIn
	limits   *limits
	streams  *streams
	live     *live.Feeds
	sockets  sync.WaitGroup
	open     atomic.Int64 // Connections.
	clock    clockwork.Clock
	redis    *redis.Client // nil where this process shares nothing.
	requests *telemetry.Requests
	tracer   trace.Tracer
	checks   []admin.Check // What probes ask.
	ops      *ops.Monitor  // nil where the services' metrics are elsewhere.
	handler  http.Handler
	drained  context.Context
	drain    context.CancelFunc
}

// New builds the gateway.
func New(ctx context.Context, cfg Config, deps Deps, scope telemetry.Scope) (*Gateway, error) {
	g := &Gateway{cfg: cfg, logger: scope.Logger, routes: make(routes), clock: deps.Clock, requests: telemetry.NewRequests(scope),
		tracer: scope.Tracer.Tracer("github.com/bitcraps/bitcraps/gateway")}
	scope.Utilization("connections", func() float64 { return telemetry.Share(g.open.Load(), int64(cfg.Network.MaxConnections)) })
	var err error
	var board live.Board
	if cfg.Redis.Enabled() {
		if g.redis, err = redis.Open(ctx, cfg.Redis, deps.Clock, scope); err != nil {
			return nil, err
		}
		board = live.NewBoard(g.redis, deps.Clock)
	}
	g.live = live.New(gamev1.NewGameServiceClient(deps.Game), board, deps.Clock, scope)
	if g.limits, err = newLimits(cfg, g.redis, deps.Clock, scope); err != nil {
		return nil, errors.Join(err, g.close())
	}
	if g.streams = newStreams(0); cfg.Security.EnableRateLimiting {
		g.streams = newStreams(cfg.Limits.Streams)
	}
	g.drained, g.drain = context.WithCancel(context.WithoutCancel(ctx))
	for _, route := range Routes() {
		g.routes[route.RPC] = route
	}
	game := newKeyedConn(deps.Game)
	keys := newKeySource(apiv1.NewKeyServiceClient(deps.API), deps.Clock)
	g.signIn = &signIn{cfg: cfg.Auth, verifier: token.NewVerifier(keys, deps.Clock), limits: g.limits,
		players: apiv1.NewPlayerServiceClient(deps.API), sessions: apiv1.NewSessionServiceClient(deps.API)}
	g.signIn.keys = newAPIKeys(apiv1.NewApiKeyServiceClient(deps.API))
	g.signIn.revocations = newRevocations(g.signIn.sessions, deps.Clock, scope)
	if g.signIn.cookies, err = newCookies(cfg.Network.EnableTLS || cfg.Auth.SecureCookies, deps.Clock, cfg.Auth.TrustedOrigins); err != nil {
		return nil, errors.Join(fmt.Errorf("auth.trusted_origins: %w", err), g.close())
	}
	mux, err := g.newMux(ctx, game, deps)
	if err != nil {
		return nil, errors.Join(err, g.close())
	}
	g.checks = upstreams(deps)
	if g.redis != nil {
		g.checks = append(g.checks, g.redis.Check())
	}
	root := http.NewServeMux()
	root.Handle("/", g.perAddress(mux))
	root.Handle("GET /health", admin.Live(g.checks))
	root.Handle("GET /ready", admin.Ready(g.checks))
	if deps.Gatherer != nil {
		root.Handle("GET /metrics", admin.Metrics(deps.Gatherer))
		g.serveOps(root, deps)
	}
	serveDocs(root)
	g.handler = g.outer(root)
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
		// No header of a client ever becomes gRPC metadata: that is where services read who calls.
		runtime.WithIncomingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithMiddlewares(g.perRoute),
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
		// What is registered last is tried first, and most calls are the game's.
		gamev1.RegisterGameServiceHandlerClient(ctx, mux, gamev1.NewGameServiceClient(game)),
	)
	return mux, err
}

// close lets go of what the gateway holds, when nothing is served any more.
func (g *Gateway) close() error {
	g.live.Close()
	if g.redis == nil {
		return nil
	}
	return g.redis.Close()
}

// setStatus answers with the status that the contract gives a success. Where it was a browser's session that ended, it has the
// browser forget it.
func (g *Gateway) setStatus(ctx context.Context, w http.ResponseWriter, answer proto.Message) error {
	if recordOf(ctx).cookie && signedOut(answer) {
		g.signIn.cookies.clear(w)
	}
	if rpc, ok := runtime.RPCMethod(ctx); ok {
		if route, ok := g.routes[rpc]; ok && route.Status != http.StatusOK {
			w.WriteHeader(route.Status)
		}
	}
	return nil
}

// signedOut is whether an answer says that the caller is not signed in any more.
func signedOut(answer proto.Message) bool {
	switch answer := answer.(type) {
	case *apiv1.EndSessionResponse:
		return answer.GetCurrent()
	case *apiv1.EndAllSessionsResponse, *apiv1.DeleteAccountResponse:
		return true
	}
	return false
}

// upstreams are what /ready asks of the services. Without validators the tables still take bets and show the past, so they
// only degrade.
func upstreams(deps Deps) []admin.Check {
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

// Handler is the gateway without a server around it.
func (g *Gateway) Handler() http.Handler { return g.handler }

// readTimeout is how long a request may take to arrive.
const readTimeout = 10 * time.Second

// writeTimeout is how long an answer may take, with the call that it waits for. A client that does not read it keeps the
// connection no longer than this.
func (g *Gateway) writeTimeout() time.Duration { return g.cfg.Limits.Timeout + 5*time.Second }

func (g *Gateway) server() *http.Server {
	return &http.Server{
		Handler:           g.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       readTimeout,
		WriteTimeout:      readTimeout + g.writeTimeout(), // From the request's header on. What is written to streams has deadlines of its own.
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    g.cfg.Limits.HeaderBytes,
		ErrorLog:          slog.NewLogLogger(telemetry.Module(g.logger, "net/http").Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.Background() },
	}
}
