// Package redis connects to the Redis server that replicas share. Nothing of value is in it alone: every user has a way
// to go on without the server, and the client tells each of them when to take it.
package redis

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Config is the redis section of the services that share something between their replicas.
type Config struct {
	URL     string        `koanf:"url" jsonschema:"pattern=^((redis|rediss|unix)://.+)?$" jsonschema_description:"redis://[USER:PASSWORD@]HOST:PORT/DB, rediss:// for TLS, or unix://FILE; empty shares nothing, as one process needs it"`
	Timeout time.Duration `koanf:"timeout" jsonschema_description:"how long a command may take; a server that is slower is as good as none to those who wait for it"`
}

// Default uses no server.
func Default() Config { return Config{Timeout: 250 * time.Millisecond} }

// Enabled reports whether there is a server to share things by.
func (c Config) Enabled() bool { return c.URL != "" }

// Validate wants a URL that says everything that connecting takes. Its error never shows the password.
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
