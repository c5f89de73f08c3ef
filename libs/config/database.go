package config

import (
	"errors"
	"net/url"
	"strings"
)

// Database is the database section of every service that has a database.
type Database struct {
	URL            string `koanf:"url" jsonschema:"pattern=^(sqlite|postgresql)://" jsonschema_description:"sqlite://FILE, or postgresql://USER@HOST/DATABASE?search_path=SCHEMA with any other parameters of PostgreSQL"`
	MaxConnections int    `koanf:"max_connections" jsonschema:"minimum=1,maximum=100" jsonschema_description:"maximum number of connections of this process"`
}

// SQLite returns the path of the file; ok is false for other engines.
func (d Database) SQLite() (path string, ok bool) { return strings.CutPrefix(d.URL, "sqlite://") }

// Postgres reports whether the engine is PostgreSQL.
func (d Database) Postgres() bool { return strings.HasPrefix(d.URL, "postgresql://") }

// Validate requires a file for SQLite, and for PostgreSQL a valid URL and at least two connections: the replica that is leader holds
// one of them permanently. Messages omit the URL, which may contain a password.
func (d Database) Validate() error {
	if path, ok := d.SQLite(); ok {
		if path == "" {
			return errors.New("database.url: name a file after sqlite://, such as sqlite://data/game.db")
		}
		return nil
	}
	if !d.Postgres() {
		return errors.New("database.url: use sqlite://FILE or postgresql://USER@HOST/DATABASE")
	}
	if _, err := url.Parse(d.URL); err != nil {
		return errors.New("database.url: what follows postgresql:// is not a URL; write special characters of a password as %XX")
	}
	if d.MaxConnections < 2 {
		return errors.New("database.max_connections: PostgreSQL takes 2 or more")
	}
	return nil
}

// InSchema adds a search_path to a PostgreSQL URL, so that services with a schema each can share a database.
func InSchema(postgres, schema string) (string, error) {
	parsed, err := url.Parse(postgres)
	if err != nil || parsed.Scheme != "postgresql" { // The cause would reveal the URL, with its password.
		return "", errors.New("want a URL such as postgresql://USER@HOST/DATABASE")
	}
	query := parsed.Query()
	if query.Has("search_path") {
		return "", errors.New("leave search_path out: each service has a schema of its own")
	}
	query.Set("search_path", schema)
	parsed.RawQuery = query.Encode()
	return parsed.String(), nil
}
