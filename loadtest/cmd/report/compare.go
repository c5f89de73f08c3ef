package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/loadtest/internal/load"
)

// Row is the measurement of one way to use the machine. Nothing else runs at the same time.
type Row struct {
	Name string `json:"name"`
	load.Result
	// OfPgbench and OfNoStore are the rate as a multiple of pgbench's rate and of the gateway's rate of calls that need no store.
	OfPgbench float64 `json:"of_pgbench"`
	OfNoStore float64 `json:"of_no_store"`
}

// The rows with which the others are compared.
const (
	pgbenchRow = "pgbench -b simple-update -M prepared"
	noStoreRow = "REST, a call without a store"
)

// comparison measures one row after the other.
type comparison struct {
	options
	dir    string
	server *testserver.Postgres
	rows   []Row
	gameMB float64
}

// sideBySide measures the rows, and the memory of the fleets' largest game process after the fleets' rows.
func (r *Report) sideBySide(ctx context.Context, o options, dir string) (err error) {
	server, err := testserver.StartPostgres()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	c := &comparison{options: o, dir: dir, server: server}
	steps := []func(context.Context) error{c.onSQLite, c.pgbench, c.onPostgres, c.fleetOnPostgres, c.fleetOnSQLite}
	bar := progress(len(steps), "comparing")
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
		_ = bar.Add(1)
	}
	r.SideBySide, r.GameMB = compare(c.rows), c.gameMB
	return nil
}

// compare computes the multiples.
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
	if err := c.checkpoint(ctx); err != nil {
		return err
	}
	result, err := load.Run(ctx, c.connections, c.load, dial)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.rows = append(c.rows, Row{Name: name, Result: result})
	return nil
}

// bets measures bets over REST, each player at one of the gateways: one bet per call, and then all bets that a table accepts per call.
func (c *comparison) bets(ctx context.Context, name string, gateways ...string) error {
	err := c.measureREST(ctx, name, gateways, func(rest *load.REST) load.Caller { return &load.Bets{Table: rest} })
	if err == nil {
		err = c.measureREST(ctx, fmt.Sprintf("%s, %d with a call", name, load.BatchSize), gateways, func(rest *load.REST) load.Caller { return &load.Batches{REST: rest} })
	}
	if err == nil {
		c.rows[len(c.rows)-1].PerSecond *= float64(load.BatchSize) // The rate counts bets; latencies are per call.
	}
	return err
}

// measureREST measures calls over REST, each caller at one of the gateways.
func (c *comparison) measureREST(ctx context.Context, name string, gateways []string, caller func(*load.REST) load.Caller) error {
	var dialed atomic.Int64
	return c.measure(ctx, name, func() (load.Caller, error) {
		rest, err := load.NewREST(gateways[int(dialed.Add(1))%len(gateways)])
		return caller(rest), err
	})
}
