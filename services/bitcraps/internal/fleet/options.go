package fleet

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/bitcraps/bitcraps/libs/config"
)

// Engines that keep what game and api store.
const (
	SQLite     = "sqlite"
	PostgreSQL = "postgresql"
)

// DefaultEngine is what a fleet is made for: two games share it.
const DefaultEngine = PostgreSQL

// Options are what a fleet is like.
type Options struct {
	// Engine is SQLite, with one game, or PostgreSQL, with two.
	Engine string `json:"engine"`
	// DatabaseURL is a PostgreSQL server's and the first part of its databases' names: postgresql://USER:PASSWORD@HOST/NAME
	// is for NAME_api and NAME_game, which must be there. Empty starts a private server.
	DatabaseURL string `json:"database_url,omitempty"`
	// RedisURL is a Redis server's. Empty starts a private one where the engine is PostgreSQL.
	RedisURL string `json:"redis_url,omitempty"`
	// Port is the first gateway's; the second has the next one. 0 takes any that are free.
	Port int `json:"port"`
	// Set are further configuration keys, as --set takes them, with the service's name in front of its own keys.
	Set []string `json:"set,omitempty"`
}

// Validate refuses what can't be started.
func (o Options) Validate() error {
	if o.Engine != SQLite && o.Engine != PostgreSQL {
		return fmt.Errorf("--database %s: want %s or %s", o.Engine, SQLite, PostgreSQL)
	}
	if o.Engine == SQLite {
		if o.DatabaseURL != "" {
			return errors.New("--database-url is for --database postgresql")
		}
		return nil
	}
	if o.DatabaseURL != "" {
		if address, err := url.Parse(o.DatabaseURL); err != nil || address.Scheme != PostgreSQL || len(address.Path) < 2 {
			return errors.New("--database-url: want postgresql://USER:PASSWORD@HOST:PORT/NAME")
		}
	}
	return config.Database{URL: PostgreSQL + "://host/name", MaxConnections: 2}.Validate()
}
