package fleet

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/bitcraps/bitcraps/libs/config"
)

// Database engines of game and api.
const (
	SQLite     = "sqlite"
	PostgreSQL = "postgresql"
)

// DefaultEngine is PostgreSQL, since a fleet should have two games, which share a database.
const DefaultEngine = PostgreSQL

// Options are the options of a fleet.
type Options struct {
	// Engine is SQLite, with one game, or PostgreSQL, with two.
	Engine string `json:"engine"`
	// DatabaseURL is the URL of a PostgreSQL server and the prefix of its databases' names: postgresql://USER:PASSWORD@HOST/NAME
	// means NAME_api and NAME_game, which must exist. Empty starts a private server.
	DatabaseURL string `json:"database_url,omitempty"`
	// RedisURL is the URL of a Redis server. Empty starts a private one where the engine is PostgreSQL.
	RedisURL string `json:"redis_url,omitempty"`
	// Port is the port of the first gateway; the second gets the next one. 0 means any free ones.
	Port int `json:"port"`
	// Set are further configuration values, in the form of --set; keys of one service have its name in front.
	Set []string `json:"set,omitempty"`
}

// Validate refuses options with which a fleet can't start.
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
