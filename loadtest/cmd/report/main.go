// Command report measures a platform that it starts itself, load generator included, and prints a table. Times depend on
// the machine and on what else it does; compare figures of one run with each other.
//
//	go run ./cmd/report --binary ../bin/bitcraps
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
)

// Report is what was measured. Durations are in milliseconds.
type Report struct {
	CPUs           int     `json:"cpus"`
	ReadyMS        float64 `json:"ready_ms"`
	RestartReadyMS float64 `json:"restart_ready_ms"`
	Rolls          Latency `json:"rolls"`
	Bets           Latency `json:"bets"`
	Rounds         int     `json:"rounds"`
	ResidentMB     float64 `json:"resident_mb_after_rounds"`
	BetsPerSecond  float64 `json:"bets_per_second_64_connections"`
}

// Latency is a distribution of one call's times.
type Latency struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// String is the distribution in one line.
func (l Latency) String() string {
	return fmt.Sprintf("p50 %.1f ms  p95 %.1f ms  p99 %.1f ms  max %.1f ms  (%d calls)", l.P50, l.P95, l.P99, l.Max, l.Count)
}

func main() {
	binary := flag.String("binary", "../bin/bitcraps", "the platform's binary")
	rounds := flag.Int("rounds", 1000, "rounds to roll, one behind the other")
	load := flag.Duration("load", 10*time.Second, "how long 64 connections place bets")
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	flag.Parse()
	report, err := measure(context.Background(), *binary, *rounds, *load)
	if err == nil {
		err = show(report, *asJSON)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, binary string, rounds int, load time.Duration) (Report, error) {
	report := Report{CPUs: runtime.NumCPU(), Rounds: rounds}
	dir, err := os.MkdirTemp("", "bitcraps-report")
	if err != nil {
		return report, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	fresh, err := platform.Start(binary, dir, "--set", "telemetry.log_level=error")
	if err != nil {
		return report, err
	}
	report.ReadyMS = milliseconds(fresh.Ready)
	if err := fresh.Stop(); err != nil {
		return report, err
	}
	p, err := platform.Start(binary, dir, "--set", "telemetry.log_level=error")
	if err != nil {
		return report, err
	}
	report.RestartReadyMS = milliseconds(p.Ready)
	for _, step := range []func() error{
		func() error { return roll(ctx, p, rounds, &report) },
		func() error { return hammer(ctx, p, load, &report) },
	} {
		if err := step(); err != nil {
			return report, errors.Join(err, p.Stop())
		}
	}
	return report, p.Stop()
}

// roll plays rounds one behind the other, while nothing else runs.
func roll(ctx context.Context, p *platform.Platform, rounds int, report *Report) error {
	player, err := p.Join(ctx)
	if err != nil {
		return err
	}
	bar := progress(rounds, "rolling")
	var rolls, bets []time.Duration
	onPoint, balance := false, int64(1)
	for range rounds {
		if balance < 1 {
			if player, err = p.Join(ctx); err != nil {
				return err
			}
			onPoint = false
		}
		if !onPoint {
			begin := time.Now()
			if err := player.Bet(ctx, "pass_line", 1); err != nil {
				return err
			}
			bets = append(bets, time.Since(begin))
		}
		begin := time.Now()
		if onPoint, balance, err = player.Roll(ctx); err != nil {
			return err
		}
		rolls = append(rolls, time.Since(begin))
		_ = bar.Add(1)
	}
	report.Rolls, report.Bets = latency(rolls), latency(bets)
	resident, err := p.ResidentBytes()
	report.ResidentMB = float64(resident) / (1 << 20)
	return err
}

// connections is how many players bet at once.
const connections = 64

// hammer has many players place bets, each on a connection of its own, as fast as they are answered. A wager that lies
// on the table can't be placed again, so each places every wager it can and then moves to a new table.
func hammer(ctx context.Context, p *platform.Platform, load time.Duration, report *Report) error {
	wagers := []string{"pass_line", "dont_pass", "field", "hard_4", "hard_6", "hard_8", "hard_10", "next_7", "any_craps"}
	ctx, cancel := context.WithTimeout(ctx, load+time.Minute)
	defer cancel()
	bar := progress(int(load/time.Second), "betting")
	var placed atomic.Int64
	var players sync.WaitGroup
	failures := make(chan error, connections)
	begin := time.Now()
	for range connections {
		players.Go(func() {
			for time.Since(begin) < load {
				player, err := p.Join(ctx)
				for tables := 0; err == nil && tables < 50 && time.Since(begin) < load; tables++ {
					for _, wager := range wagers {
						if err = player.Bet(ctx, wager, 1); err == nil {
							placed.Add(1)
						}
					}
					err = errors.Join(err, player.NewTable(ctx))
				}
				if err != nil {
					failures <- err
					return
				}
			}
		})
	}
	for range int(load / time.Second) {
		time.Sleep(time.Second)
		_ = bar.Add(1)
	}
	players.Wait()
	report.BetsPerSecond = float64(placed.Load()) / time.Since(begin).Seconds()
	close(failures)
	return <-failures
}

func progress(total int, what string) *progressbar.ProgressBar {
	if info, err := os.Stderr.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return progressbar.DefaultSilent(int64(total))
	}
	return progressbar.Default(int64(total), what)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func latency(all []time.Duration) Latency {
	slices.Sort(all)
	at := func(share float64) float64 { return milliseconds(all[int(share*float64(len(all)-1))]) }
	return Latency{Count: len(all), P50: at(.5), P95: at(.95), P99: at(.99), Max: at(1)}
}

func show(r Report, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "one process, four validators, SQLite, %d CPUs\t\n", r.CPUs)
	fmt.Fprintf(w, "ready, new chain\t%.0f ms\n", r.ReadyMS)
	fmt.Fprintf(w, "ready, restarted\t%.0f ms\n", r.RestartReadyMS)
	fmt.Fprintf(w, "POST /roll, alone\t%s\n", r.Rolls)
	fmt.Fprintf(w, "POST /bets, alone\t%s\n", r.Bets)
	fmt.Fprintf(w, "resident after %d rounds\t%.0f MB\n", r.Rounds, r.ResidentMB)
	fmt.Fprintf(w, "bets at %d connections\t%.0f a second\n", connections, r.BetsPerSecond)
	return w.Flush()
}
