package config

import (
	"errors"
	"fmt"
	"strings"
)

// Database is the database section of every service that stores.
type Database struct {
	URL            string `koanf:"url" jsonschema:"pattern=^(sqlite|postgresql)://" jsonschema_description:"sqlite://FILE, or postgresql:// with everything behind it"`
	MaxConnections int    `koanf:"max_connections" jsonschema:"minimum=1,maximum=100" jsonschema_description:"connections that this process holds at most"`
}

// SQLite returns the path of the file; ok is false for another engine.
func (d Database) SQLite() (path string, ok bool) { return strings.CutPrefix(d.URL, "sqlite://") }

// Validate wants a file for SQLite and refuses engines that this release can't use.
func (d Database) Validate() error {
	path, ok := d.SQLite()
	switch {
	case ok && path == "":
		return errors.New("database.url: name a file behind sqlite://, such as sqlite://data/game.db")
	case !ok:
		return fmt.Errorf("database.url: %s is not supported yet; use sqlite://FILE", d.URL)
	}
	return nil
}
