// Package game implements the game service: games, seats, bets, rounds, the ledger that records all their money, the limits that
// players set for themselves, and the lobby. Every change is a command that runs on a play.Turn; the commands of concurrent callers
// share transactions (commit.go), and a call is answered once its change is durable. Dice come from the consensus service.
package game

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/ratelimit"
	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store"
)

// Config is the service's configuration.
type Config struct {
	service.Config `koanf:",squash"`
	Database       config.Database `koanf:"database"`
	Upstream       Upstream        `koanf:"upstream"`
	Tables         Tables          `koanf:"tables"`
	Wallets        Wallets         `koanf:"wallets"`
	Protection     Protection      `koanf:"protection"`
	Commit         Commit          `koanf:"commit"`
	Redis          redis.Config    `koanf:"redis"`
}

// Upstream configures the clients of the services that this one calls.
type Upstream struct {
	Consensus rpcclient.Config `koanf:"consensus"`
}

// Tables are the rules that apply to all tables.
type Tables struct {
	ShooterTimeout time.Duration `koanf:"shooter_timeout" jsonschema_description:"how long players wait for the shooter before the dice pass on, or the house rolls"`
	IdleExpiry     time.Duration `koanf:"idle_expiry" jsonschema_description:"how long a game may be idle before it is closed and its removable bets are returned"`
	RollTimeout    time.Duration `koanf:"roll_timeout" jsonschema_description:"how long a roll waits for the validators before its caller is told to try again"`
	SweepInterval  time.Duration `koanf:"sweep_interval" jsonschema_description:"how often the sweeper looks for unfinished rounds, overdue shooters and idle tables"`
	CensusInterval time.Duration `koanf:"census_interval" jsonschema_description:"how often seated players are counted and the balances of all accounts are summed, for metrics"`
	RequestMemory  time.Duration `koanf:"request_memory" jsonschema_description:"how long a request id is remembered"`
}

// Wallets are the initial balances of players and of the house.
type Wallets struct {
	Grant    int64 `koanf:"grant" jsonschema:"minimum=1,maximum=1000000000" jsonschema_description:"play balance of a new player, in tokens"`
	Bankroll int64 `koanf:"bankroll" jsonschema:"minimum=0,maximum=1000000000000000" jsonschema_description:"initial balance of the house, from which it pays wins, in tokens"`
}

// Protection configures how the limits that players set for themselves apply.
type Protection struct {
	IncreaseDelay time.Duration `koanf:"increase_delay" jsonschema_description:"how long the old limit still applies after a player raises or removes it"`
	SessionIdle   time.Duration `koanf:"session_idle" jsonschema_description:"how long after a player's last bet a session of play ends"`
}

// Commit configures how changes are written to the database.
type Commit struct {
	Writers        int `koanf:"writers" jsonschema:"minimum=1,maximum=16" jsonschema_description:"concurrent write transactions; SQLite always has a single writer"`
	Queue          int `koanf:"queue" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"changes that may wait to be written; more are refused with a retry delay"`
	QueuePerPlayer int `koanf:"queue_per_player" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"changes of one player that may wait"`
}

// Default returns a configuration that keeps games in ./data/game.db.
func Default() Config {
	return Config{
		Config:   service.Default(7002, 7102),
		Database: config.Database{URL: "sqlite://data/game.db", MaxConnections: 10},
		Upstream: Upstream{Consensus: rpcclient.Config{Addresses: []string{"127.0.0.1:7003"}, Timeout: 5 * time.Second}},
		Tables: Tables{ShooterTimeout: 30 * time.Second, IdleExpiry: 15 * time.Minute, RollTimeout: 5 * time.Second,
			SweepInterval: time.Second, CensusInterval: 15 * time.Second, RequestMemory: 24 * time.Hour},
		Protection: Protection{IncreaseDelay: 24 * time.Hour, SessionIdle: 15 * time.Minute},
		Wallets:    Wallets{Grant: 1000, Bankroll: 1_000_000_000},
		Commit:     Commit{Writers: 1, Queue: 10_000, QueuePerPlayer: 256},
		Redis:      redis.Default(),
	}
}

// minRequestMemory is how long clients may rely on a request id being remembered.
const minRequestMemory = 24 * time.Hour

// maxCensusInterval leaves room for one failed census before the alert Ledger_Unchecked fires.
const maxCensusInterval = 30 * time.Minute

// Validate implements config.Validator.
func (c Config) Validate() error {
	err := errors.Join(c.Config.Validate(), c.Database.Validate(), c.Redis.Validate(), c.Upstream.Consensus.Validate("upstream.consensus"))
	for _, setting := range []struct {
		key   string
		value time.Duration
	}{
		{"tables.shooter_timeout", c.Tables.ShooterTimeout}, {"tables.idle_expiry", c.Tables.IdleExpiry},
		{"tables.roll_timeout", c.Tables.RollTimeout}, {"tables.sweep_interval", c.Tables.SweepInterval},
		{"tables.census_interval", c.Tables.CensusInterval},
		{"protection.increase_delay", c.Protection.IncreaseDelay}, {"protection.session_idle", c.Protection.SessionIdle},
	} {
		if setting.value <= 0 {
			err = errors.Join(err, fmt.Errorf("%s: want more than 0", setting.key))
		}
	}
	if c.Tables.CensusInterval > maxCensusInterval {
		err = errors.Join(err, fmt.Errorf("tables.census_interval: want at most %s; Ledger_Unchecked fires an hour after the last count", maxCensusInterval))
	}
	if c.Tables.RequestMemory < minRequestMemory {
		err = errors.Join(err, fmt.Errorf("tables.request_memory: want at least %s", minRequestMemory))
	}
	return err
}

// Deps are the service's dependencies.
type Deps struct {
	// Consensus is the client of the validators.
	Consensus consensusv1.ConsensusServiceClient
	// Clock is the source of time.
	Clock clockwork.Clock
}

// ConsensusTarget identifies the validators and the contract by which this service calls them.
var ConsensusTarget = rpcclient.Target{Service: identity.Consensus, Contracts: []string{consensusv1.ConsensusService_ServiceDesc.ServiceName}}

// Service implements the game service.
type Service struct {
	cfg       Config
	logger    *slog.Logger
	store     store.Store
	consensus consensusv1.ConsensusServiceClient
	clock     clockwork.Clock
	ids       *ids
	events    events.Bus[*play.Event]
	degraded  []admin.Check
	// limiter rate-limits chat messages and wrong join codes; quickSeatLock lets one quick seat at a time open a table.
	limiter       ratelimit.Limiter
	quickSeatLock chan struct{}
	metrics       *metrics
	tracer        trace.Tracer
	sweeper       *sweeper
	census        *census
	committer     *committer
	stopOnce      sync.Once
	stop          chan struct{}
}

// New returns a service on its configured database, whose schema must be up to date.
func New(ctx context.Context, cfg Config, deps Deps, scope telemetry.Scope) (*Service, error) {
	opened, err := store.Open(ctx, cfg.Database)
	if err != nil {
		return nil, fmt.Errorf("database.url: %w", err)
	}
	s := &Service{
		cfg: cfg, logger: scope.Logger, store: opened, consensus: deps.Consensus, clock: deps.Clock, ids: &ids{clock: deps.Clock},
		metrics: newMetrics(scope), tracer: scope.Tracer.Tracer("github.com/bitcraps/bitcraps/services/game"), stop: make(chan struct{}), quickSeatLock: make(chan struct{}, 1),
	}
	if err := s.openBus(ctx, scope); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	s.sweeper, s.committer, s.census = newSweeper(s), newCommitter(s), newCensus(s, scope)
	scope.Utilization("db_pool", func() float64 { return telemetry.Ratio(opened.Connections()) })
	scope.Utilization("bet_queue", func() float64 { return telemetry.Ratio(s.committer.queue.Len(), cfg.Commit.Queue) })
	return s, nil
}

// Migrate brings the database to the schema that New requires, and returns the versions before and after.
func Migrate(ctx context.Context, database config.Database) (from, to int64, err error) {
	return store.Migrate(ctx, database)
}

// Register implements service.Service.
func (s *Service) Register(server grpc.ServiceRegistrar) {
	gamev1.RegisterGameServiceServer(server, &gameServer{Service: s})
	gamev1.RegisterLedgerServiceServer(server, &ledgerServer{Service: s})
	gamev1.RegisterLobbyServiceServer(server, &lobbyServer{Service: s})
	gamev1.RegisterProtectionServiceServer(server, &protectionServer{Service: s})
}

// Start implements service.Service: it gives the house its bankroll once, and starts the sweeper, which resumes
// the rounds that an earlier process left unfinished.
func (s *Service) Start(ctx context.Context) error {
	err := s.store.Update(ctx, func(tx play.Tx) error {
		if _, open, err := tx.Balance(ctx, ledger.House); err != nil || open || s.cfg.Wallets.Bankroll == 0 {
			return err
		}
		return tx.Transfer(ctx, ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: s.cfg.Wallets.Bankroll,
			Reason: ledger.Bankroll, At: s.now()})
	})
	if err != nil {
		return err
	}
	s.committer.start()
	s.sweeper.start()
	s.census.start()
	return nil
}

// Health implements service.Service.
func (s *Service) Health(ctx context.Context) error {
	_, err := s.store.TurnsDue(ctx, time.Time{}, 1)
	return err
}

// Drain implements service.Service: it closes the watchers' streams.
func (s *Service) Drain() { s.stopOnce.Do(func() { close(s.stop) }) }

// Stop implements service.Service.
func (s *Service) Stop(context.Context) error {
	s.census.loop.Stop()
	s.sweeper.stop()
	s.committer.stop()
	return errors.Join(s.events.Close(), s.store.Close())
}

// prepare sets the fields of a loaded turn that commands need and that the store does not load.
func (s *Service) prepare(turn *play.Turn) *play.Turn {
	turn.Rules = play.Rules{Grant: s.cfg.Wallets.Grant, ShooterTimeout: s.cfg.Tables.ShooterTimeout, Protection: s.cfg.Protection.rules()}
	turn.Now = s.now()
	turn.NewID = s.ids.next
	return turn
}

// now returns the time at the precision of the stores, so that an answer has the same time before and after it is stored.
func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }
