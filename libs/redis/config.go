// Package redis connects to the Redis server that replicas share. The server is optional: nothing of value is stored there alone, every
// user can continue without it, and the client reports when to do so.
package redis

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Config is the redis section of the services whose replicas share state.
type Config struct {
	URL     string        `koanf:"url" jsonschema:"pattern=^((redis|rediss|unix)://.+)?$" jsonschema_description:"redis://[USER:PASSWORD@]HOST:PORT/DB, rediss:// for TLS, or unix://FILE; empty shares nothing, which suffices for one process"`
	Timeout time.Duration `koanf:"timeout" jsonschema_description:"how long a command may take; a slower server counts as down"`
}

// Default uses no server.
func Default() Config { return Config{Timeout: 250 * time.Millisecond} }

// Enabled reports whether a server is configured.
func (c Config) Enabled() bool { return c.URL != "" }

// Validate requires a complete URL. Its error never contains the password.
func (c Config) Validate() error {
	if !c.Enabled() {
		return nil
	}
	_, err := c.options()
	if c.Timeout <= 0 {
		err = errors.Join(err, errors.New("redis.timeout: want more than 0"))
	}
	return err
}

func (c Config) options() (*goredis.Options, error) {
	parsed, err := url.Parse(c.URL)
	if err != nil || parsed.Host == "" && parsed.Path == "" {
		return nil, errors.New("redis.url: want redis://HOST:PORT/DB, rediss://HOST:PORT/DB or unix://FILE")
	}
	options, err := goredis.ParseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("redis.url: %w", err)
	}
	return options, nil
}
