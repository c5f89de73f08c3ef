package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/bitcraps/bitcraps/loadtest/internal/load"
)

var (
	pgbenchTPS     = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)
	pgbenchAverage = regexp.MustCompile(`(?m)^latency average = ([0-9.]+) ms`)
)

// pgbench runs PostgreSQL's own benchmark, which updates one row and inserts one row in each transaction. It reports only average
// latency.
func (c *comparison) pgbench(ctx context.Context) error {
	url, err := c.server.Create(ctx, "bench")
	if err != nil {
		return err
	}
	run := func(args ...string) ([]byte, error) {
		out, err := exec.CommandContext(ctx, filepath.Join(c.server.Bin(), "pgbench"), append(args, url)...).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("pgbench: %w\n%s", err, bytes.TrimSpace(out))
		}
		return out, nil
	}
	if _, err := run("-i", "-q", "-s", strconv.Itoa(c.connections)); err != nil {
		return err
	}
	if err := c.checkpoint(ctx); err != nil {
		return err
	}
	out, err := run("-b", "simple-update", "-M", "prepared", "-c", strconv.Itoa(c.connections), "-T", strconv.Itoa(max(1, int(c.load.Seconds()))))
	if err != nil {
		return err
	}
	result, err := parsePgbench(out)
	if err != nil {
		return err
	}
	result.Count = int(result.PerSecond * c.load.Seconds())
	c.rows = append(c.rows, Row{Name: pgbenchRow, Result: result})
	return nil
}

// parsePgbench parses pgbench's output.
func parsePgbench(out []byte) (result load.Result, err error) {
	for pattern, to := range map[*regexp.Regexp]*float64{pgbenchTPS: &result.PerSecond, pgbenchAverage: &result.Mean} {
		found := pattern.FindSubmatch(out)
		if found == nil {
			return load.Result{}, fmt.Errorf("pgbench: no figure in\n%s", out)
		}
		if *to, err = strconv.ParseFloat(string(found[1]), 64); err != nil {
			return load.Result{}, err
		}
	}
	return result, nil
}
