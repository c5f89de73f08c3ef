// Package bitcraps provides the operator's command line, and runs the whole platform in one process: every service as in a fleet,
// with its own gRPC server and its own database. Calls go straight to the other service's server, or over an in-memory network (see dial).
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
	"strings"
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
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/game"
)

// Options are the options of `bitcraps up`.
type Options struct {
	// HTTPAddr is where the gateway listens; port 0 means any free one.
	HTTPAddr string
	// AdminAddr is where probes, metrics and profiles are served, in addition to the API's address; empty serves no profiles.
	AdminAddr string
	// DataDir is the folder of the chain, and of the databases unless DatabaseURL names one.
	DataDir string
	// DatabaseURL is a PostgreSQL database for all services, each in a schema of its own.
	DatabaseURL string
	// Validators is how many validators a new chain has.
	Validators int
	// RedisURL is a Redis that this process shares with others; empty shares nothing.
	RedisURL string
	// Source is where configuration is read from.
	Source config.Source
}

// Config is the configuration of every service.
type Config struct {
	Gateway   gateway.Config
	API       api.Config
	Game      game.Config
	Consensus consensus.Config
}

// defaults returns the built-in configuration of every service, with its data in the data directory.
func (o Options) defaults() (Config, error) {
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
	return cfg, nil
}

// Load reads the configuration of every service, on top of the defaults.
func (o Options) Load() (Config, error) {
	cfg, err := o.defaults()
	if err != nil {
		return cfg, err
	}
	source := o.Source
	if o.RedisURL != "" {
		source.Set = append(slices.Clone(source.Set), "redis.url="+o.RedisURL)
	}
	err = joinDistinct(
		config.Load("gateway", &cfg.Gateway, source), config.Load("api", &cfg.API, source),
		config.Load("game", &cfg.Game, source), config.Load("consensus", &cfg.Consensus, source),
	)
	return cfg, errors.Join(err, checkDatabasesDiffer(cfg.API.Database, cfg.Game.Database))
}

// joinDistinct joins errors and drops repeated lines: every service reports the mistakes in keys that all services share.
func joinDistinct(errs ...error) error {
	var lines []string
	seen := make(map[string]bool)
	for _, err := range errs {
		if err == nil {
			continue
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !seen[line] {
				seen[line] = true
				lines = append(lines, line)
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines, "\n"))
}

// checkDatabasesDiffer refuses one database for both services, which have a table of the same name. Different URLs of one database are
// refused by the stores.
func checkDatabasesDiffer(ofAPI, ofGame config.Database) error {
	if ofAPI.URL != ofGame.URL {
		return nil
	}
	return errors.New("api.database.url and game.database.url are the same: give each service a database of its own, or on PostgreSQL a schema of its own, by search_path")
}

// Platform is every service in one process.
type Platform struct {
	opts    Options
	cfg     Config
	tel     *telemetry.Telemetry
	network *memnet.Network
	group   *run.Group

	servers    map[string]*rpcserver.Server // Of the services with one instance, by name.
	validators []*validator
	gateway    *gateway.Gateway
	listener   net.Listener
	release    func()
}

// New opens every store, and creates the databases and the chain where the data directory has none.
func New(ctx context.Context, opts Options, cfg Config, tel *telemetry.Telemetry) (*Platform, error) {
	p := &Platform{opts: opts, cfg: cfg, tel: tel, network: memnet.New(), servers: make(map[string]*rpcserver.Server), group: run.NewGroup(tel.Logger, service.DrainTimeout)}
	release, err := dirlock.Acquire(opts.DataDir)
	if errors.Is(err, dirlock.ErrLocked) {
		err = fmt.Errorf("%w; stop it, or choose another --data-dir", err)
	}
	if err != nil {
		return nil, err
	}
	p.release = release
	p.group.Add(run.Part{Name: "data directory", Stop: func(context.Context) error { release(); return nil }})
	p.group.Add(run.Part{Name: "telemetry", Stop: tel.Shutdown})
	p.group.Add(service.AdminPart(admin.Config{Listen: opts.AdminAddr}, admin.Handler(tel.Registry, nil)))
	for _, add := range []func(context.Context) error{p.prepareData, p.addValidators, p.addPast, p.addGame, p.addAPI, p.addGateway} {
		if err := add(ctx); err != nil {
			release()
			return nil, err
		}
	}
	return p, nil
}

// Run starts everything, calls ready with the gateway's URL once the platform serves requests, and stops everything in reverse order
// when the context ends.
func (p *Platform) Run(ctx context.Context, ready func(url string)) error {
	return p.group.Run(ctx, func() { ready(p.gateway.URL(p.listener)) })
}

// Handler is the gateway's HTTP handler, for calls without a network.
func (p *Platform) Handler() http.Handler { return p.gateway.Handler() }

// addService runs a service with a server of its own, which listens under a name on the in-memory network.
func (p *Platform) addService(name string, svc service.Service, cfg rpcserver.Config, scope telemetry.Scope) error {
	server, err := rpcserver.New(cfg, mtls.Config{}, scope)
	if err != nil {
		return err
	}
	svc.Register(server)
	p.servers[name] = server
	p.group.Add(run.Part{Name: name, Start: svc.Start, Stop: svc.Stop})
	p.group.Add(service.RPCPart(server, p.network.Listen(name), svc))
	return nil
}

// dial connects a service to another one: straight to its server or, where there are replicas to choose from, over the in-memory
// network to their names.
func (p *Platform) dial(self string, target rpcclient.Target, timeout time.Duration, names ...string) (grpc.ClientConnInterface, error) {
	conn, err := rpcclient.New(self, target, rpcclient.Config{Addresses: names, Timeout: timeout}, mtls.Config{}, p.network.Dial, p.tel.For(self, 0))
	if err != nil {
		return nil, err
	}
	p.group.Add(run.Part{Name: fmt.Sprintf("connection of %s to %s", self, target.Service), Stop: func(context.Context) error { return conn.Close() }})
	if server := p.servers[target.Service]; server != nil {
		return rpcclient.NewLocal(self, server, timeout, conn), nil
	}
	return conn, nil
}

func (p *Platform) addGame(ctx context.Context) error {
	conn, err := p.dial(identity.Game, game.ConsensusTarget, p.cfg.Game.Upstream.Consensus.Timeout, p.validatorNames()...)
	if err != nil {
		return err
	}
	scope := p.tel.For(identity.Game, 0)
	svc, err := game.New(ctx, p.cfg.Game, game.Deps{Consensus: consensusv1.NewConsensusServiceClient(conn), Clock: clockwork.NewRealClock()}, scope)
	if err != nil {
		return err
	}
	return p.addService(identity.Game, svc, p.cfg.Game.RPC, scope)
}

func (p *Platform) addAPI(ctx context.Context) error {
	conn, err := p.dial(identity.API, api.GameTarget, p.cfg.API.Upstream.Game.Timeout, identity.Game)
	if err != nil {
		return err
	}
	scope := p.tel.For(identity.API, 0)
	svc, err := api.New(ctx, p.cfg.API, api.Deps{Game: conn, Clock: clockwork.NewRealClock()}, scope)
	if err != nil {
		return err
	}
	return p.addService(identity.API, svc, p.cfg.API.RPC, scope)
}

func (p *Platform) addGateway(ctx context.Context) error {
	conns := make(map[string]grpc.ClientConnInterface, len(gateway.Targets))
	for name, upstream := range p.cfg.Gateway.Upstream.ByService() {
		names := []string{name}
		if name == identity.Consensus {
			names = p.validatorNames()
		}
		var err error
		if conns[name], err = p.dial(identity.Gateway, gateway.Targets[name], upstream.Timeout, names...); err != nil {
			return err
		}
	}
	var err error
	p.gateway, err = gateway.New(ctx, p.cfg.Gateway, gateway.Deps{API: conns[identity.API], Game: conns[identity.Game],
		Consensus: conns[identity.Consensus], Clock: clockwork.NewRealClock(), Gatherer: p.tel.Registry}, p.tel.For(identity.Gateway, 0))
	if err != nil {
		return err
	}
	if p.listener, err = net.Listen("tcp", p.opts.HTTPAddr); err != nil {
		return fmt.Errorf("%w; choose another with --http-addr, such as 127.0.0.1:0 for any free port", err)
	}
	p.group.Add(p.waitForQuorum())
	p.group.Add(p.gateway.Part(p.listener))
	return nil
}

// quorumTimeout is how long startup waits for the validators to connect to each other. Without them the platform still serves
// everything but rolls.
const quorumTimeout = 10 * time.Second

func (p *Platform) waitForQuorum() run.Part {
	return run.Part{Name: "quorum", Start: func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, quorumTimeout)
		defer cancel()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for p.healthyValidators(ctx) < len(p.validators) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				p.tel.Logger.Warn("not every validator is healthy; starting anyway", "healthy", p.healthyValidators(context.Background()), slog.Int("validators", len(p.validators)))
				return nil
			}
		}
		return nil
	}}
}
