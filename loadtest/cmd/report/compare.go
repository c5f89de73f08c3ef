package main

import (
	"context"
	_ "embed" // For full.sql.
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/loadtest/internal/load"
	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
)

// Row is one way to use the machine. Each has all of it: nothing else that is measured runs meanwhile.
type Row struct {
	Name string `json:"name"`
	load.Result
	// OfPgbench and OfNoStore are the rate as a multiple of pgbench's, and of the gateway's for a call without a store.
	OfPgbench float64 `json:"of_pgbench"`
	OfNoStore float64 `json:"of_no_store"`
}

// The rows that others are compared with.
const (
	pgbenchRow = "pgbench -b simple-update -M prepared"
	noStoreRow = "REST, a call without a store"
)

// noStorePath is a call that the gateway answers from what it holds.
const noStorePath = "/api/v1/fairness"

// quiet are arguments of every platform that is measured.
var quiet = []string{"--set", "telemetry.log_level=error"}

// unlimited are arguments of platforms that one address puts under load.
var unlimited = append([]string{"--set", "security.enable_rate_limiting=false"}, quiet...)

// comparison measures row by row.
type comparison struct {
	options
	dir    string
	server *testserver.Postgres
	rows   []Row
	gameMB float64
}

// sideBySide returns the rows, and the memory of a fleet's largest game behind them.
func sideBySide(ctx context.Context, o options, dir string) (rows []Row, gameMB float64, err error) {
	server, err := testserver.StartPostgres()
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	c := &comparison{options: o, dir: dir, server: server}
	steps := []func(context.Context) error{c.onSQLite, c.pgbench, c.onPostgres, c.fleet}
	bar := progress(len(steps), "comparing")
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, 0, err
		}
		_ = bar.Add(1)
	}
	return compare(c.rows), c.gameMB, nil
}

// compare fills in the multiples.
func compare(rows []Row) []Row {
	rates := make(map[string]float64, len(rows))
	for _, row := range rows {
		rates[row.Name] = row.PerSecond
	}
	for i := range rows {
		rows[i].OfPgbench = rows[i].PerSecond / rates[pgbenchRow]
		rows[i].OfNoStore = rows[i].PerSecond / rates[noStoreRow]
	}
	return rows
}

func (c *comparison) measure(ctx context.Context, name string, dial func() (load.Caller, error)) error {
	result, err := load.Run(ctx, c.connections, c.load, dial)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.rows = append(c.rows, Row{Name: name, Result: result})
	return nil
}

// bets places bets over REST, each player at one of the gateways.
func (c *comparison) bets(ctx context.Context, name string, gateways ...string) error {
	var dialled atomic.Int64
	return c.measure(ctx, name, func() (load.Caller, error) {
		rest, err := load.NewREST(gateways[int(dialled.Add(1))%len(gateways)])
		return &load.Bets{Table: rest}, err
	})
}

func (c *comparison) onSQLite(ctx context.Context) error {
	p, err := platform.Start(c.binary, filepath.Join(c.dir, "sqlite"), unlimited...)
	if err != nil {
		return err
	}
	err = c.measure(ctx, noStoreRow, func() (load.Caller, error) {
		rest, err := load.NewREST(p.URL)
		return load.Reads{REST: rest, Path: noStorePath}, err
	})
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
	p, err := platform.Start(c.binary, filepath.Join(c.dir, "postgres"), append([]string{"--database-url", url}, unlimited...)...)
	if err != nil {
		return err
	}
	err = c.bets(ctx, "REST bets, one process on PostgreSQL", p.URL)
	if err == nil {
		err = fill(ctx, url)
	}
	if err == nil {
		err = c.bets(ctx, "the same with 100,000 tables and 1,000,000 players stored", p.URL)
	}
	return errors.Join(err, p.Stop())
}

//go:embed full.sql
var full string

// fill stores what a platform has after a long while.
func fill(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	// What follows is not to be measured together with the server's work on what it was just given.
	for _, statement := range []string{full, "VACUUM ANALYZE", "CHECKPOINT"} {
		if _, err = conn.Exec(ctx, statement); err != nil {
			break
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

func (c *comparison) fleet(ctx context.Context) error {
	for _, service := range []string{"api", "game"} {
		if _, err := c.server.Create(ctx, "fleet_"+service); err != nil {
			return err
		}
	}
	fleet, err := platform.StartFleet(c.binary, filepath.Join(c.dir, "fleet"), append([]string{"--database-url", c.server.URL("fleet")}, unlimited...)...)
	if err != nil {
		return err
	}
	err = c.bets(ctx, "REST bets, fleet on PostgreSQL", fleet.Gateways...)
	if err == nil {
		err = c.betsOverGRPC(ctx, fleet)
	}
	resident, memoryErr := fleet.GameBytes()
	c.gameMB, err = megabytes(resident), errors.Join(err, memoryErr)
	return errors.Join(err, fleet.Stop())
}

func (c *comparison) betsOverGRPC(ctx context.Context, fleet *platform.Fleet) error {
	conn, err := fleet.Game()
	if err != nil {
		return err
	}
	err = c.measure(ctx, "gRPC bets, fleet on PostgreSQL", func() (load.Caller, error) {
		return &load.Bets{Table: load.NewGRPC(conn)}, nil
	})
	return errors.Join(err, conn.Close())
}
