package main

import (
	"context"
	_ "embed" // For full.sql.
	"errors"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/loadtest/internal/load"
	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
)

// noStorePath is a call that is served from memory.
const noStorePath = "/api/v1/fairness"

// quietArgs are arguments of every measured platform.
var quietArgs = []string{"--set", "telemetry.log_level=error"}

// unlimitedArgs are arguments of platforms under load from one address.
var unlimitedArgs = append([]string{"--set", "security.enable_rate_limiting=false"}, quietArgs...)

func (c *comparison) onSQLite(ctx context.Context) error {
	p, err := platform.Start(c.binary, filepath.Join(c.dir, "sqlite"), unlimitedArgs...)
	if err != nil {
		return err
	}
	err = c.measureREST(ctx, noStoreRow, []string{p.URL}, func(rest *load.REST) load.Caller { return load.Reads{REST: rest, Path: noStorePath} })
	if err == nil {
		err = c.bets(ctx, "REST bets, one process on SQLite", p.URL)
	}
	return errors.Join(err, p.Stop())
}

func (c *comparison) onPostgres(ctx context.Context) error {
	url, err := c.server.Create(ctx, "one")
	if err != nil {
		return err
	}
	p, err := platform.Start(c.binary, filepath.Join(c.dir, "postgres"), append([]string{"--database-url", url}, unlimitedArgs...)...)
	if err != nil {
		return err
	}
	err = c.bets(ctx, "REST bets, one process on PostgreSQL", p.URL)
	if err == nil { // Each service has a schema there.
		err = execute(ctx, url, "SET search_path TO game, api", populateSQL, "INSERT INTO players (id, kind, created_at) SELECT player, 1, at FROM crowd", "VACUUM ANALYZE")
	}
	if err == nil {
		err = c.bets(ctx, "REST bets, one process on PostgreSQL, "+populatedSuffix, p.URL)
	}
	return errors.Join(err, p.Stop())
}

//go:embed populate.sql
var populateSQL string

// populatedSuffix describes the database after populateSQL.
const populatedSuffix = "100,000 tables and 1,000,000 players stored"

// checkpoint makes the server flush all previous changes, so that no row is measured together with work left over from another one.
func (c *comparison) checkpoint(ctx context.Context) error {
	return execute(ctx, c.server.URL("postgres"), "CHECKPOINT")
}

func execute(ctx context.Context, url string, statements ...string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err = conn.Exec(ctx, statement); err != nil {
			break
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

func (c *comparison) fleetOnPostgres(ctx context.Context) error {
	for _, service := range []string{"api", "game"} {
		if _, err := c.server.Create(ctx, "fleet_"+service); err != nil {
			return err
		}
	}
	return c.fleetOn(ctx, "PostgreSQL", []string{"--database-url", c.server.URL("fleet")}, func(fleet *platform.Fleet) error {
		if err := execute(ctx, c.server.URL("fleet_game"), populateSQL, "VACUUM ANALYZE"); err != nil {
			return err
		}
		return c.bets(ctx, "REST bets, fleet on PostgreSQL, "+populatedSuffix, fleet.Gateways...)
	})
}

func (c *comparison) fleetOnSQLite(ctx context.Context) error {
	return c.fleetOn(ctx, "SQLite", []string{"--database", "sqlite"})
}

// fleetOn measures a fleet, the only way to run the platform in which gRPC is reachable over the network: in one process, calls go
// directly to the services. more are further measurements of the fleet.
func (c *comparison) fleetOn(ctx context.Context, store string, args []string, more ...func(*platform.Fleet) error) error {
	fleet, err := platform.StartFleet(ctx, c.binary, filepath.Join(c.dir, "fleet on "+store), append(args, unlimitedArgs...)...)
	if err != nil {
		return err
	}
	err = c.bets(ctx, "REST bets, fleet on "+store, fleet.Gateways...)
	if err == nil {
		err = c.betsOverGRPC(ctx, "gRPC bets, fleet on "+store, fleet)
	}
	for _, measure := range more {
		if err == nil {
			err = measure(fleet)
		}
	}
	resident, memoryErr := fleet.GameBytes()
	c.gameMB, err = max(c.gameMB, megabytes(resident)), errors.Join(err, memoryErr)
	return errors.Join(err, fleet.Stop())
}

func (c *comparison) betsOverGRPC(ctx context.Context, name string, fleet *platform.Fleet) error {
	conn, err := fleet.Game()
	if err != nil {
		return err
	}
	err = c.measure(ctx, name, func() (load.Caller, error) {
		return &load.Bets{Table: load.NewGRPC(conn)}, nil
	})
	return errors.Join(err, conn.Close())
}
