package e2e_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // Registers the driver "pgx".
	_ "modernc.org/sqlite"             // Registers the driver "sqlite".

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/game"
)

// fleetDatabases returns the URLs of a fleet's databases, by service.
func fleetDatabases(dir string) (map[string]string, error) {
	from := func(service string) config.Source {
		return config.Source{Dir: filepath.Join(dir, "config", service+"-0"), Environment: "local"}
	}
	apiConfig, gameConfig := api.Default(), game.Default()
	err := errors.Join(config.Load(identity.API, &apiConfig, from(identity.API)), config.Load(identity.Game, &gameConfig, from(identity.Game)))
	return map[string]string{identity.API: apiConfig.Database.URL, identity.Game: gameConfig.Database.URL}, err
}

// open opens a database by its URL, and closes it when the test ends.
func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	driver, source := "pgx", url
	if path, ok := (config.Database{URL: url}).SQLite(); ok {
		driver, source = "sqlite", path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
