// Package bitcraps runs the whole platform in one process: every service as it is in a fleet, with its own gRPC server
// and its own database, over an in-memory network.
package bitcraps

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/gateway"
	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/dirlock"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/memnet"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/game"
)

// Options are what `bitcraps up` takes.
type Options struct {
	// HTTPAddr is where the gateway listens; port 0 takes any free one.
	HTTPAddr string
	// AdminAddr is where probes, metrics and profiles are served beside the API; empty serves no profiles.
	AdminAddr string
	// DataDir keeps the chain, and the databases unless DatabaseURL names one.
	DataDir string
	// DatabaseURL is a PostgreSQL for all services, each of which has a schema of its own there.
	DatabaseURL string
	// Validators is how many run. It counts only for a new chain.
	Validators int
	// RedisURL is the server that this process shares with others; empty shares nothing.
	RedisURL string
	// Source is where configuration comes from.
	Source config.Source
}

// Config is the configuration of every service.
type Config struct {
	Gateway   gateway.Config
	API       api.Config
	Game      game.Config
	Consensus consensus.Config
}

// Load reads the configuration of every service, with its data in the data directory.
func (o Options) Load() (Config, error) {
	cfg := Config{Gateway: gateway.Default(), API: api.Default(), Game: game.Default(), Consensus: consensus.Default()}
	for name, database := range map[string]*config.Database{identity.API: &cfg.API.Database, identity.Game: &cfg.Game.Database} {
		database.URL = "sqlite://" + filepath.Join(o.DataDir, name+".db")
		if o.DatabaseURL != "" {
			var err error
			if database.URL, err = config.InSchema(o.DatabaseURL, name); err != nil {
				return cfg, fmt.Errorf("--database-url: %w", err)
			}
		}
	}
	cfg.API.Mail.Folder = filepath.Join(o.DataDir, "mail")
	source := o.Source
	if o.RedisURL != "" {
		source.Set = append(slices.Clone(source.Set), "redis.url="+o.RedisURL)
	}
	err := errors.Join(
		config.Load("gateway", &cfg.Gateway, source), config.Load("api", &cfg.API, source),
		config.Load("game", &cfg.Game, source), config.Load("consensus", &cfg.Consensus, source),
	)
	return cfg, err
}

// Fleet is every service in one process.
type Fleet struct {
	opts    Options
	cfg     Config
	tel     *telemetry.Telemetry
	network *memnet.Network
	group   *run.Group

	servers    map[string]*rpcserver.Server // Of the services that run once.
	validators []*validator
	gateway    *gateway.Gateway
	listener   net.Listener
	release    func()
}

// NewFleet opens every store, and makes databases and chain where the data directory has none.
func NewFleet(ctx context.Context, opts Options, cfg Config, tel *telemetry.Telemetry) (*Fleet, error) {
	f := &Fleet{opts: opts, cfg: cfg, tel: tel, network: memnet.New(), servers: make(map[string]*rpcserver.Server), group: run.NewGroup(tel.Logger, service.Drain)}
	release, err := dirlock.Take(opts.DataDir)
	if errors.Is(err, dirlock.ErrTaken) {
		err = fmt.Errorf("%w; stop it, or choose another --data-dir", err)
	}
	if err != nil {
		return nil, err
	}
	f.release = release
	f.group.Add(run.Part{Name: "data directory", Stop: func(context.Context) error { release(); return nil }})
	f.group.Add(run.Part{Name: "telemetry", Stop: tel.Shutdown})
	f.group.Add(service.AdminPart(admin.Config{Listen: opts.AdminAddr}, admin.Handler(tel.Registry, nil)))
	for _, add := range []func(context.Context) error{f.addValidators, f.addGame, f.addAPI, f.addGateway} {
		if err := add(ctx); err != nil {
			release()
			return nil, err
		}
	}
	return f, nil
}

// Run starts everything, calls ready with the gateway's URL once the fleet answers, and stops everything in reverse when
// the context ends.
func (f *Fleet) Run(ctx context.Context, ready func(url string)) error {
	return f.group.Run(ctx, func() { ready(f.gateway.URL(f.listener)) })
}

// Handler is the gateway without a network before it.
func (f *Fleet) Handler() http.Handler { return f.gateway.Handler() }

// addService runs a service with a server of its own under a name on the in-memory network.
func (f *Fleet) addService(name string, svc service.Service, cfg rpcserver.Config, scope telemetry.Scope) error {
	server, err := rpcserver.New(cfg, mtls.Config{}, scope)
	if err != nil {
		return err
	}
	svc.Register(server)
	f.servers[name] = server
	f.group.Add(run.Part{Name: name, Start: svc.Start, Stop: svc.Stop})
	f.group.Add(service.RPCPart(server, f.network.Listen(name), svc))
	return nil
}

// dial connects a service to another one: straight to its server or, where replicas have to be chosen from, over the
// in-memory network to their names.
func (f *Fleet) dial(self string, target rpcclient.Target, timeout time.Duration, names ...string) (grpc.ClientConnInterface, error) {
	conn, err := rpcclient.New(self, target, rpcclient.Config{Addresses: names, Timeout: timeout}, mtls.Config{}, f.network.Dial, f.tel.For(self, 0))
	if err != nil {
		return nil, err
	}
	f.group.Add(run.Part{Name: fmt.Sprintf("connection of %s to %s", self, target.Service), Stop: func(context.Context) error { return conn.Close() }})
	if server := f.servers[target.Service]; server != nil {
		return rpcclient.NewLocal(self, server, timeout, conn), nil
	}
	return conn, nil
}

func (f *Fleet) addGame(ctx context.Context) error {
	conn, err := f.dial(identity.Game, game.ConsensusTarget, f.cfg.Game.Upstream.Consensus.Timeout, f.validatorNames()...)
	if err != nil {
		return err
	}
	if err := game.Migrate(ctx, f.cfg.Game.Database); err != nil {
		return err
	}
	scope := f.tel.For(identity.Game, 0)
	svc, err := game.New(ctx, f.cfg.Game, game.Deps{Consensus: consensusv1.NewConsensusServiceClient(conn), Clock: clockwork.NewRealClock()}, scope)
	if err != nil {
		return err
	}
	return f.addService(identity.Game, svc, f.cfg.Game.RPC, scope)
}

func (f *Fleet) addAPI(ctx context.Context) error {
	conn, err := f.dial(identity.API, api.GameTarget, f.cfg.API.Upstream.Game.Timeout, identity.Game)
	if err != nil {
		return err
	}
	if err := api.Migrate(ctx, f.cfg.API.Database); err != nil {
		return err
	}
	scope := f.tel.For(identity.API, 0)
	svc, err := api.New(ctx, f.cfg.API, api.Deps{Ledger: gamev1.NewLedgerServiceClient(conn), Clock: clockwork.NewRealClock()}, scope)
	if err != nil {
		return err
	}
	return f.addService(identity.API, svc, f.cfg.API.RPC, scope)
}

func (f *Fleet) addGateway(ctx context.Context) error {
	conns := make(map[string]grpc.ClientConnInterface, len(gateway.Targets))
	for name, upstream := range f.cfg.Gateway.Upstream.ByService() {
		names := []string{name}
		if name == identity.Consensus {
			names = f.validatorNames()
		}
		var err error
		if conns[name], err = f.dial(identity.Gateway, gateway.Targets[name], upstream.Timeout, names...); err != nil {
			return err
		}
	}
	var err error
	f.gateway, err = gateway.New(ctx, f.cfg.Gateway, gateway.Deps{API: conns[identity.API], Game: conns[identity.Game],
		Consensus: conns[identity.Consensus], Clock: clockwork.NewRealClock(), Gatherer: f.tel.Registry}, f.tel.For(identity.Gateway, 0))
	if err != nil {
		return err
	}
	if f.listener, err = net.Listen("tcp", f.opts.HTTPAddr); err != nil {
		return fmt.Errorf("--http-addr: %w", err)
	}
	f.group.Add(f.waitForQuorum())
	f.group.Add(f.gateway.Part(f.listener))
	return nil
}

// quorumPatience is how long a start waits for the validators to find each other. Without them the fleet serves all the
// same, only no rolls.
const quorumPatience = 10 * time.Second

func (f *Fleet) waitForQuorum() run.Part {
	return run.Part{Name: "quorum", Start: func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, quorumPatience)
		defer cancel()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for f.healthyValidators(ctx) < len(f.validators) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				f.tel.Logger.Warn("not every validator is up; starting without", "healthy", f.healthyValidators(context.Background()), slog.Int("validators", len(f.validators)))
				return nil
			}
		}
		return nil
	}}
}
