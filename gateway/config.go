package gateway

import (
	"errors"
	"fmt"
	"time"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// Config is the gateway's configuration.
type Config struct {
	Network   Network          `koanf:"network"`
	TLS       mtls.Config      `koanf:"tls"`
	Telemetry telemetry.Config `koanf:"telemetry"`
	Admin     admin.Config     `koanf:"admin"`
	Auth      config.Auth      `koanf:"auth"`
	Upstream  Upstream         `koanf:"upstream"`
	Limits    Limits           `koanf:"limits"`
	Security  config.Security  `koanf:"security"`
	Redis     redis.Config     `koanf:"redis"`
}

// Upstream configures the connections to the services.
type Upstream struct {
	API       rpcclient.Config `koanf:"api"`
	Game      rpcclient.Config `koanf:"game"`
	Consensus rpcclient.Config `koanf:"consensus"`
}

// ByService returns each service's configuration by the service's name, such as identity.Game.
func (u Upstream) ByService() map[string]rpcclient.Config {
	return map[string]rpcclient.Config{identity.API: u.API, identity.Game: u.Game, identity.Consensus: u.Consensus}
}

// Network configures how clients reach the gateway.
type Network struct {
	ListenHost       string   `koanf:"listen_host" jsonschema_description:"address to listen on; empty means all addresses"`
	ListenPort       int      `koanf:"listen_port" jsonschema:"minimum=1024,maximum=65535" jsonschema_description:"port to listen on"`
	MaxConnections   int      `koanf:"max_connections" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"maximum open connections, including watchers; further connections wait"`
	EnableTLS        bool     `koanf:"enable_tls" jsonschema_description:"whether to serve HTTPS"`
	CertFile         string   `koanf:"cert_file" jsonschema_description:"PEM file of the server's certificate"`
	KeyFile          string   `koanf:"key_file" jsonschema_description:"PEM file of its private key"`
	TrustTraceparent bool     `koanf:"trust_traceparent" jsonschema_description:"whether a request continues the trace that its traceparent header names; disable it if untrusted clients reach the gateway: each request then starts its own trace with a link to the client's"`
	TrustedProxies   []string `koanf:"trusted_proxies" jsonschema_description:"addresses and prefixes of the proxies whose X-Forwarded-For is trusted; it is ignored from all others"`
}

// Limits bound the resources that a client can use.
type Limits struct {
	BodyBytes   int64         `koanf:"body_bytes" jsonschema:"minimum=1024,maximum=1048576" jsonschema_description:"maximum size of a request's body"`
	URLBytes    int           `koanf:"url_bytes" jsonschema:"minimum=256,maximum=65536" jsonschema_description:"maximum length of a path with its query"`
	HeaderBytes int           `koanf:"header_bytes" jsonschema:"minimum=1024,maximum=1048576" jsonschema_description:"maximum size of a request's header"`
	Timeout     time.Duration `koanf:"timeout" jsonschema_description:"timeout of a call, except streams"`
	Streams     int           `koanf:"streams_per_address" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"maximum open event streams, WebSockets and subscriptions on them per client address; many players may share an address"`
	Connections int           `koanf:"connections_per_address" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"maximum open connections per client address, except trusted proxies; further connections are closed"`
	Rates       Rates         `koanf:"rates"`
}

// Default returns the default configuration, which serves http://127.0.0.1:8080.
func Default() Config {
	upstream := func(port int) rpcclient.Config {
		return rpcclient.Config{Addresses: []string{fmt.Sprintf("127.0.0.1:%d", port)}, Timeout: 10 * time.Second}
	}
	return Config{
		Network:   Network{ListenHost: "127.0.0.1", ListenPort: 8080, MaxConnections: 10_000, TrustTraceparent: true},
		Telemetry: telemetry.Default(),
		Admin:     admin.Config{Listen: "127.0.0.1:7100"},
		Auth:      config.DefaultAuth(),
		Upstream:  Upstream{API: upstream(7001), Game: upstream(7002), Consensus: upstream(7003)},
		Limits:    Limits{BodyBytes: 64 << 10, URLBytes: 8 << 10, HeaderBytes: 16 << 10, Timeout: 10 * time.Second, Streams: 1000, Connections: 2000, Rates: defaultRates()},
		Security:  config.DefaultSecurity(),
		Redis:     redis.Default(),
	}
}

// Validate implements config.Validator.
func (c Config) Validate() error {
	_, proxiesErr := parseProxies(c.Network.TrustedProxies)
	_, originsErr := newCookies(false, nil, c.Auth.TrustedOrigins)
	if originsErr != nil {
		originsErr = fmt.Errorf("auth.trusted_origins: %w", originsErr)
	}
	err := errors.Join(originsErr, c.TLS.Validate(), c.Telemetry.Validate(), c.Auth.Validate(), c.Redis.Validate(), c.Limits.Rates.validate(), proxiesErr)
	for name, upstream := range c.Upstream.ByService() {
		err = errors.Join(err, upstream.Validate("upstream."+name))
	}
	if c.Network.EnableTLS && (c.Network.CertFile == "" || c.Network.KeyFile == "") {
		err = errors.Join(err, errors.New("network.enable_tls: set network.cert_file and network.key_file too"))
	}
	if c.Limits.Timeout <= 0 {
		err = errors.Join(err, errors.New("limits.timeout: want more than 0"))
	}
	return err
}
