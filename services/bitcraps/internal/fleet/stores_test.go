package fleet

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/identity"
)

// TestPrivateStores starts PostgreSQL and Redis from the installed programs, stops them, and finds the data again.
func TestPrivateStores(t *testing.T) {
	if testing.Short() {
		t.Skip("it creates a PostgreSQL cluster")
	}
	// Not t.TempDir: the user that PostgreSQL runs as can't enter it.
	dir, err := os.MkdirTemp("/tmp", "bitcraps-stores")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	f, err := Create(t.Context(), dir, t.TempDir(), func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.plan, err = newPlan(Options{Engine: PostgreSQL}, plan{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // They may have to be installed.
	defer cancel()
	for _, statement := range []string{"CREATE TABLE kept (n int)", "SELECT * FROM kept"} {
		stores, err := f.stores(ctx)
		if err != nil {
			t.Fatal(err)
		}
		started, err := f.start(ctx, stores, nil)
		if err != nil || strings.Join(started, " ") != "postgres redis" {
			t.Fatalf("started %v: %v", started, err)
		}
		for _, service := range []string{identity.API, identity.Game} {
			address := f.plan.databaseURL(dir, service)
			if out, err := exec.CommandContext(ctx, filepath.Join(filepath.Dir(stores[0].program), "psql"), address, "-c", statement).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", service, err, out)
			}
		}
		if again, err := f.start(ctx, stores, nil); err != nil || len(again) != 0 {
			t.Errorf("started again: %v, %v", again, err)
		}
		if err := f.stop(ctx, started); err != nil || len(f.runningNames()) != 0 {
			t.Errorf("stop: %v; %v are still running", err, f.runningNames())
		}
	}
}

func TestAddressesOfStores(t *testing.T) {
	sqlite, err := newPlan(Options{Engine: SQLite}, plan{})
	if err != nil {
		t.Fatal(err)
	}
	if got := sqlite.databaseURL("/data", identity.Game); got != "sqlite:///data/game.db" || sqlite.redisURL() != "" || len(sqlite.addresses(identity.Game)) != 1 {
		t.Errorf("on SQLite: %s, %q, %v", got, sqlite.redisURL(), sqlite.addresses(identity.Game))
	}
	given, err := newPlan(Options{Engine: PostgreSQL, DatabaseURL: "postgresql://me:s%2Fcret@db:5432/craps?sslmode=require", RedisURL: "redis://cache:6379/0"}, plan{})
	if err != nil {
		t.Fatal(err)
	}
	if got := given.databaseURL("/data", identity.API); got != "postgresql://me:s%2Fcret@db:5432/craps_api?sslmode=require" ||
		given.redisURL() != "redis://cache:6379/0" || given.Postgres != "" || given.Redis != "" || len(given.addresses(identity.Game)) != 2 {
		t.Errorf("with given servers: %s, %+v", got, given)
	}
	private, err := newPlan(Options{Engine: PostgreSQL}, given)
	if err != nil {
		t.Fatal(err)
	}
	if address, err := url.Parse(private.redisURL()); err != nil || address.Host != private.Redis || private.Password != given.Password {
		t.Errorf("private servers: %+v", private)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, opts := range []Options{{}, {Engine: "mysql"}, {Engine: SQLite, DatabaseURL: "postgresql://h/n"}, {Engine: PostgreSQL, DatabaseURL: "http://h/n"},
		{Engine: PostgreSQL, DatabaseURL: "postgresql://h"}} {
		if opts.Validate() == nil {
			t.Errorf("%+v is valid", opts)
		}
	}
	if err := (Options{Engine: DefaultEngine}).Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
}
