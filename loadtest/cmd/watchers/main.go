// Command watchers measures the cost of watching a game: how soon a roll reaches every watcher, and the platform's memory per watcher.
// Each row uses a fresh platform, on the same machine as the load generator.
//
//	go run ./cmd/watchers --binary ../bin/bitcraps
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"text/tabwriter"

	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
	"github.com/bitcraps/bitcraps/loadtest/internal/watch"
)

// admin is the address of the platform's admin server, which reports its memory.
const admin = "127.0.0.1:16060"

func main() {
	binary := flag.String("binary", "../bin/bitcraps", "the platform's binary")
	watchers := flag.Int("watchers", 5000, "watchers of one game")
	idle := flag.Int("idle", 10_000, "WebSockets that watch nothing, in the last row; 0 skips this row")
	rolls := flag.Int("rolls", 50, "rolls to watch")
	flag.Parse()
	rows := []watch.Options{{Socket: true, Watchers: *watchers, Rolls: *rolls}, {Watchers: *watchers, Rolls: *rolls}}
	if *idle > 0 {
		rows = append(rows, watch.Options{Socket: true, Watchers: 50, Idle: *idle, Rolls: *rolls})
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *binary, rows); err != nil {
		fmt.Fprintln(os.Stderr, "watchers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary string, rows []watch.Options) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "way\twatchers\tidle\tall connected\tKB held\tKB resident\troll p50 ms\tp95\tp99\tmax\tbet elsewhere p50 ms\tp99\tevents")
	for _, o := range rows {
		r, err := measure(ctx, binary, o)
		if err != nil {
			return err
		}
		way := "server-sent events"
		if o.Socket {
			way = "WebSocket"
		}
		fmt.Fprintf(out, "%s\t%d\t%d\t%.1f s\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%d\n", way, o.Watchers, o.Idle, r.Connected.Seconds(),
			float64(r.Held)/1024, float64(r.Resident)/1024, r.Rolls.P50, r.Rolls.P95, r.Rolls.P99, r.Rolls.Max, r.Bets.P50, r.Bets.P99, r.Events)
	}
	return out.Flush()
}

func measure(ctx context.Context, binary string, o watch.Options) (watch.Result, error) {
	dir, err := os.MkdirTemp("", "bitcraps-watchers")
	if err != nil {
		return watch.Result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	o.Admin = admin
	args := append([]string{"--admin-addr", admin, "--set", "telemetry.log_level=warn"}, watch.PlatformArgs...)
	p, err := platform.Start(binary, filepath.Join(dir, "data"), args...)
	if err != nil {
		return watch.Result{}, err
	}
	defer func() { _ = p.Stop() }()
	return watch.Run(ctx, p, o)
}
