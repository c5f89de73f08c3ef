package bitcraps_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // Registers the driver "pgx".
	"github.com/jonboulle/clockwork"
	_ "modernc.org/sqlite" // Registers the driver "sqlite".

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/bitcraps"
	"github.com/bitcraps/bitcraps/services/game"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// TestMigrationNumbersMatchAcrossEngines checks the migrations of every service with a store. Where only one engine needs a migration,
// the other has a file of that number that does nothing.
func TestMigrationNumbersMatchAcrossEngines(t *testing.T) {
	stores, err := filepath.Glob("../*/internal/store")
	if err != nil {
		t.Fatal(err)
	}
	if services := fmt.Sprint(stores); services != "[../api/internal/store ../game/internal/store]" {
		t.Errorf("services with a store: %s", services)
	}
	for _, store := range stores {
		names := map[string][]string{}
		for _, engine := range []string{"sqlite", "postgres"} {
			files, err := filepath.Glob(filepath.Join(store, engine, "migrations", "*"))
			if err != nil {
				t.Fatal(err)
			}
			for i, file := range files {
				names[engine] = append(names[engine], filepath.Base(file))
				if number := fmt.Sprintf("%03d_", i+1); !strings.HasPrefix(filepath.Base(file), number) {
					t.Errorf("%s: want the number %s next", file, number)
				}
			}
		}
		if len(names["sqlite"]) == 0 || !slices.Equal(names["sqlite"], names["postgres"]) {
			t.Errorf("%s: SQLite has %v, PostgreSQL %v", store, names["sqlite"], names["postgres"])
		}
	}
}

// databases are the databases of api and game on one engine.
type databases struct {
	t      *testing.T
	urls   map[string]string
	schema string // A query that lists everything that migrations create.
}

func onSQLite(t *testing.T) databases {
	dir := t.TempDir()
	return databases{t, map[string]string{"api": "sqlite://" + filepath.Join(dir, "api.db"), "game": "sqlite://" + filepath.Join(dir, "game.db")},
		"SELECT name || ': ' || COALESCE(sql, '') FROM sqlite_master ORDER BY 1"}
}

func onPostgres(t *testing.T) databases {
	d := databases{t, map[string]string{}, `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || COALESCE(column_default, '')
		FROM information_schema.columns WHERE table_schema = current_schema() UNION ALL
		SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1`}
	url := testserver.Database(t, "empty", nil)
	for _, name := range []string{"api", "game"} {
		var err error
		if d.urls[name], err = config.InSchema(url, name); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// migrate runs the command.
func (d databases) migrate() error {
	cmd := bitcraps.Command()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs([]string{"migrate", "--set", "api.database.url=" + d.urls["api"], "--set", "game.database.url=" + d.urls["game"]})
	return cmd.ExecuteContext(d.t.Context())
}

// open starts a service on its database and stops it.
func (d databases) open(name string) error {
	scope, ctx := telemetry.Discard().For(name, 0), d.t.Context()
	var svc service.Service
	var err error
	if name == "api" {
		cfg := api.Default()
		cfg.Database.URL = d.urls[name]
		svc, err = api.New(ctx, cfg, api.Deps{Clock: clockwork.NewFakeClock()}, scope)
	} else {
		cfg := game.Default()
		cfg.Database.URL = d.urls[name]
		svc, err = game.New(ctx, cfg, game.Deps{Clock: clockwork.NewFakeClock()}, scope)
	}
	if err != nil {
		return err
	}
	if err := svc.Start(ctx); err != nil {
		return err
	}
	if err := svc.Health(ctx); err != nil {
		return err
	}
	return svc.Stop(ctx)
}

// withDB runs a function on a service's database.
func (d databases) withDB(name string, f func(*sql.DB) error) {
	d.t.Helper()
	driver, source := "pgx", d.urls[name]
	if path, ok := (config.Database{URL: source}).SQLite(); ok {
		// The stopped service may still be closing its connection.
		driver, source = "sqlite", path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	if err == nil {
		err = f(db)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		d.t.Error(err)
	}
}

// dump returns the schema of a database, and which migrations ran when.
func (d databases) dump(name string) (dump []string) {
	d.t.Helper()
	d.withDB(name, func(db *sql.DB) error {
		for _, query := range []string{d.schema, "SELECT id || ' ' || version_id || ' ' || tstamp FROM goose_db_version ORDER BY id"} {
			lines, err := lines(d.t.Context(), db, query)
			if err != nil {
				return err
			}
			dump = append(dump, lines...)
		}
		return nil
	})
	return dump
}

// lines returns the rows of a query of one column.
func lines(ctx context.Context, db *sql.DB, query string) (lines []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}

// TestMigrate runs the command on empty databases, a second time, and on databases of a later release. A service opens its database
// only where it has this release's schema.
func TestMigrate(t *testing.T) {
	for engine, empty := range map[string]func(*testing.T) databases{"sqlite": onSQLite, "postgres": onPostgres} {
		t.Run(engine, func(t *testing.T) {
			d, before := empty(t), map[string][]string{}
			for name := range d.urls {
				if err := d.open(name); err == nil || !strings.Contains(err.Error(), "run its migrations first") {
					t.Errorf("%s on an empty database: %v", name, err)
				}
			}
			if err := d.migrate(); err != nil {
				t.Fatal(err)
			}
			for name := range d.urls {
				if err := d.open(name); err != nil {
					t.Errorf("%s after the migration: %v", name, err)
				}
				before[name] = d.dump(name)
			}
			if err := d.migrate(); err != nil {
				t.Error(err)
			}
			for name := range d.urls {
				if after := d.dump(name); len(after) < 5 || !slices.Equal(after, before[name]) {
					t.Errorf("%s was %v and is %v", name, before[name], after)
				}
			}
			d.refusesLaterRelease()
		})
	}
}

// refusesLaterRelease sets each database, one after the other, to a version that no release has yet.
func (d databases) refusesLaterRelease() {
	d.t.Helper()
	for name := range d.urls {
		if err := d.open(name); err != nil {
			d.t.Errorf("%s after a second migration: %v", name, err)
		}
		d.withDB(name, func(db *sql.DB) error {
			_, err := db.ExecContext(d.t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, TRUE)")
			return err
		})
		for where, err := range map[string]error{"database.url: ": d.open(name), name + ": ": d.migrate()} {
			if err == nil || !strings.Contains(err.Error(), where+"the database is at schema version 999 and this release knows ") {
				d.t.Errorf("with %s at schema version 999: %v, want that %q is", name, err, where)
			}
		}
	}
}

// TestServicesShareNoDatabase migrates and starts each service on the other's database, by a different URL and by the same.
func TestServicesShareNoDatabase(t *testing.T) {
	for engine, empty := range map[string]func(*testing.T) databases{"sqlite": onSQLite, "postgres": onPostgres} {
		t.Run(engine, func(t *testing.T) {
			d := empty(t)
			if err := d.migrate(); err != nil {
				t.Fatal(err)
			}
			own := d.urls
			d.urls = map[string]string{"api": alias(own["game"]), "game": alias(own["api"])}
			for what, err := range map[string]error{"migrate": d.migrate(), "api": d.open("api"), "game": d.open("game")} {
				if err == nil || !strings.Contains(err.Error(), "the database is another service's") {
					t.Errorf("%s on another's database: %v", what, err)
				}
			}
			d.urls["game"] = d.urls["api"]
			if err := d.migrate(); err == nil || !strings.Contains(err.Error(), "api.database.url and game.database.url are the same") {
				t.Errorf("one database for both: %v", err)
			}
			if d.urls = own; d.open("api") != nil || d.open("game") != nil {
				t.Error("a service no longer opens its own database")
			}
		})
	}
}

// alias returns another URL of the same database.
func alias(url string) string {
	if path, ok := strings.CutPrefix(url, "sqlite:///"); ok {
		return "sqlite:///./" + path
	}
	return url + "&application_name=alias"
}

// TestMigratePrintsVersions migrates the databases of `bitcraps up` twice.
func TestMigratePrintsVersions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, want := range []string{" was migrated from schema version 0 to ", " is already at schema version "} {
		out, err := command(t, "migrate --data-dir "+dir)
		for _, service := range []string{"api", "game"} {
			if line := service + ": " + filepath.Join(dir, service+".db") + want; err != nil || !strings.Contains(out, line) {
				t.Errorf("%v, want %q:\n%s", err, line, out)
			}
		}
	}
}
