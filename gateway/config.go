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

// Upstream is where the services are.
type Upstream struct {
	API       rpcclient.Config `koanf:"api"`
	Game      rpcclient.Config `koanf:"game"`
	Consensus rpcclient.Config `koanf:"consensus"`
}

// ByService returns where each service is, by its name, such as identity.Game.
func (u Upstream) ByService() map[string]rpcclient.Config {
	return map[string]rpcclient.Config{identity.API: u.API, identity.Game: u.Game, identity.Consensus: u.Consensus}
}

// Network is where clients reach the gateway.
type Network struct {
	ListenHost       string   `koanf:"listen_host" jsonschema_description:"address to listen on; empty means every one"`
	ListenPort       int      `koanf:"listen_port" jsonschema:"minimum=1024,maximum=65535" jsonschema_description:"port to listen on"`
	MaxConnections   int      `koanf:"max_connections" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"connections at once, those of watchers too; further ones wait"`
	EnableTLS        bool     `koanf:"enable_tls" jsonschema_description:"whether clients connect by HTTPS"`
	CertFile         string   `koanf:"cert_file" jsonschema_description:"PEM file of the certificate that clients see"`
	KeyFile          string   `koanf:"key_file" jsonschema_description:"PEM file of its private key"`
	TrustTraceparent bool     `koanf:"trust_traceparent" jsonschema_description:"whether requests go on with the trace that their traceparent header names; where strangers reach the gateway they must not, and each request has a trace of its own with a link to the client's"`
	TrustedProxies   []string `koanf:"trusted_proxies" jsonschema_description:"addresses and prefixes of the proxies whose X-Forwarded-For counts; from all others it is ignored"`
}

// Limits bound what a client can cost.
type Limits struct {
	BodyBytes   int64         `koanf:"body_bytes" jsonschema:"minimum=1024,maximum=1048576" jsonschema_description:"largest body"`
	URLBytes    int           `koanf:"url_bytes" jsonschema:"minimum=256,maximum=65536" jsonschema_description:"longest path with query"`
	HeaderBytes int           `koanf:"header_bytes" jsonschema:"minimum=1024,maximum=1048576" jsonschema_description:"largest header"`
	Timeout     time.Duration `koanf:"timeout" jsonschema_description:"how long a call may take, streams excepted"`
	Streams     int           `koanf:"streams_per_address" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"event streams, WebSockets and games watched on them that one address has open at a time; many players may share it"`
	Rates       Rates         `koanf:"rates"`
}

// Default serves http://127.0.0.1:8080.
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
		Limits:    Limits{BodyBytes: 64 << 10, URLBytes: 8 << 10, HeaderBytes: 16 << 10, Timeout: 10 * time.Second, Streams: 1000, Rates: defaultRates()},
		Security:  config.DefaultSecurity(),
		Redis:     redis.Default(),
	}
}

// Validate implements config.Validator.
func (c Config) Validate() error {
	_, broken := parseProxies(c.Network.TrustedProxies)
	_, untrusted := newCookies(false, nil, c.Auth.TrustedOrigins)
	if untrusted != nil {
		untrusted = fmt.Errorf("auth.trusted_origins: %w", untrusted)
	}
	err := errors.Join(untrusted, c.TLS.Validate(), c.Telemetry.Validate(), c.Auth.Validate(), c.Redis.Validate(), c.Limits.Rates.validate(), broken)
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
