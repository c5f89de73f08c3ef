// Package api is the service of players: their credentials (devices, accounts, API keys), the sessions and access tokens that
// authenticate them, and the keys that sign those tokens.
package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/mail"
	"github.com/bitcraps/bitcraps/services/api/internal/password"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// Config is the service's configuration.
type Config struct {
	service.Config `koanf:",squash"`
	Database       config.Database `koanf:"database"`
	Auth           config.Auth     `koanf:"auth"`
	Mail           Mail            `koanf:"mail"`
	Redis          redis.Config    `koanf:"redis"`
	Upstream       Upstream        `koanf:"upstream"`
}

// Upstream configures the services that this one calls.
type Upstream struct {
	Game rpcclient.Config `koanf:"game"`
}

// Mail configures how codes reach players.
type Mail struct {
	From     string `koanf:"from" jsonschema_description:"sender address of mails"`
	SMTP     string `koanf:"smtp_address" jsonschema_description:"host:port of a mail server; empty sends none"`
	User     string `koanf:"smtp_user" jsonschema_description:"user at the mail server; empty does not authenticate"`
	Password string `koanf:"smtp_password" jsonschema_description:"the user's password, sent over TLS only"`
	Folder   string `koanf:"folder" jsonschema_description:"folder to write mails to if there is no mail server, for development"`
}

// sender returns nil if neither a mail server nor a folder is configured.
func (m Mail) sender(clock clockwork.Clock) mail.Sender {
	switch {
	case m.SMTP != "":
		return mail.SMTP{Address: m.SMTP, User: m.User, Password: m.Password, From: m.From, Now: clock.Now}
	case m.Folder != "":
		return mail.Folder{Dir: m.Folder, From: m.From, Now: clock.Now}
	}
	return nil
}

// Default keeps players in ./data/api.db and allows guests.
func Default() Config {
	return Config{
		Config:   service.Default(7001, 7101),
		Database: config.Database{URL: "sqlite://data/api.db", MaxConnections: 10},
		Auth:     config.DefaultAuth(),
		Mail:     Mail{From: "bitcraps@localhost"},
		Redis:    redis.Default(),
		Upstream: Upstream{Game: rpcclient.Config{Addresses: []string{"127.0.0.1:7002"}, Timeout: 5 * time.Second}},
	}
}

// Validate implements config.Validator.
func (c Config) Validate() error {
	return errors.Join(c.Config.Validate(), c.Database.Validate(), c.Auth.Validate(), c.Redis.Validate(), c.Upstream.Game.Validate("upstream.game"))
}

// GameTarget is the game service as a target of this service's calls.
var GameTarget = rpcclient.Target{Service: identity.Game, Contracts: []string{
	gamev1.LedgerService_ServiceDesc.ServiceName, gamev1.LobbyService_ServiceDesc.ServiceName,
	gamev1.ProtectionService_ServiceDesc.ServiceName}}

// Deps are the service's dependencies.
type Deps struct {
	// Game is a connection to the game service, which has the wallets, and which erases players when they are deleted.
	Game grpc.ClientConnInterface
	// Clock is the source of the current time.
	Clock clockwork.Clock
	// Random is the source of secrets; crypto/rand if it is nil.
	Random io.Reader
}

// Service implements the contracts of package bitcraps.api.v1.
type Service struct {
	auth        config.Auth
	logger      *slog.Logger
	store       store.Store
	ledger      gamev1.LedgerServiceClient
	lobby       gamev1.LobbyServiceClient
	protection  gamev1.ProtectionServiceClient
	clock       clockwork.Clock
	random      io.Reader
	keyring     keyring
	maintenance *maintenance
	hasher      *password.Hasher
	attempts    *attemptLimiter
	outbox      *outbox
}

// New opens the service's database, whose schema must be up to date.
func New(ctx context.Context, cfg Config, deps Deps, scope telemetry.Scope) (*Service, error) {
	opened, err := store.Open(ctx, cfg.Database)
	if err != nil {
		return nil, fmt.Errorf("database.url: %w", err)
	}
	s := &Service{auth: cfg.Auth, logger: scope.Logger, store: opened, clock: deps.Clock, random: deps.Random}
	s.ledger, s.lobby, s.protection = gamev1.NewLedgerServiceClient(deps.Game), gamev1.NewLobbyServiceClient(deps.Game), gamev1.NewProtectionServiceClient(deps.Game)
	if s.random == nil {
		s.random = rand.Reader
	}
	if s.attempts, err = newAttemptLimiter(ctx, cfg.Redis, deps.Clock, scope); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	scope.Utilization("db_pool", func() float64 { return telemetry.Ratio(opened.Connections()) })
	s.maintenance, s.outbox = &maintenance{Service: s}, newOutbox(cfg.Mail.sender(deps.Clock), scope.Logger)
	s.hasher = password.New(s.newSalt())
	return s, nil
}

// Migrate migrates the database to the schema that New requires, and returns the versions before and after.
func Migrate(ctx context.Context, database config.Database) (from, to int64, err error) {
	return store.Migrate(ctx, database)
}

// Register implements service.Service.
func (s *Service) Register(server grpc.ServiceRegistrar) {
	apiv1.RegisterPlayerServiceServer(server, &playerServer{Service: s})
	apiv1.RegisterSessionServiceServer(server, &sessionServer{Service: s})
	apiv1.RegisterDeviceServiceServer(server, &deviceServer{Service: s})
	apiv1.RegisterAccountServiceServer(server, &accountServer{Service: s})
	apiv1.RegisterApiKeyServiceServer(server, &apiKeyServer{Service: s})
	apiv1.RegisterKeyServiceServer(server, &jwksServer{Service: s})
}

// Start implements service.Service: it creates the first signing key if there is none.
func (s *Service) Start(ctx context.Context) error {
	if err := s.rotateKeys(ctx); err != nil {
		return err
	}
	s.maintenance.start()
	s.outbox.start()
	return nil
}

// Health implements service.Service.
func (s *Service) Health(ctx context.Context) error {
	return s.store.Read(ctx, func(tx store.Tx) error { _, err := tx.Keys(ctx); return err })
}

// Degraded implements service.Degradable: without Redis each replica limits attempts by itself.
func (s *Service) Degraded() []admin.Check {
	if s.attempts.redis == nil {
		return nil
	}
	return []admin.Check{s.attempts.redis.Check()}
}

// Drain implements service.Service.
func (s *Service) Drain() {}

// Stop implements service.Service.
func (s *Service) Stop(ctx context.Context) error {
	s.maintenance.loop.Stop()
	s.outbox.stop(ctx)
	return errors.Join(s.attempts.close(), s.store.Close())
}
