// Command report measures platforms that it starts itself, load generator included, and prints tables: one process by
// itself, then each way to run the platform beside what the same machine does in the same minutes without it, and what
// telemetry costs. Times depend on the machine and on what else it does; compare figures of one run with each other.
//
//	go run ./cmd/report --binary ../bin/bitcraps
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Report is what was measured.
type Report struct {
	CPUs       int       `json:"cpus"`
	Alone      Alone     `json:"alone"`
	SideBySide []Row     `json:"side_by_side"`
	Telemetry  Telemetry `json:"telemetry"`
	// GameMB is the memory of the fleets' largest game behind their rows, those with 100,000 tables and 1,000,000 players among them.
	GameMB float64 `json:"resident_mb_game"`
}

// options are what is measured.
type options struct {
	binary      string
	rounds      int
	connections int
	load        time.Duration
	only        string
	telemetry   []string
}

// The parts of a report.
const (
	aloneOnly      = "alone"
	comparisonOnly = "comparison"
	telemetryOnly  = "telemetry"
)

// wants reports whether a part is to be measured.
func (o options) wants(part string) bool { return o.only == "" || o.only == part }

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "../bin/bitcraps", "the platform's binary, with those of the services beside it")
	flag.IntVar(&o.rounds, "rounds", 1000, "rounds to roll, one after the other; 0 leaves that part out")
	flag.IntVar(&o.connections, "connections", 64, "connections that bet at once")
	flag.DurationVar(&o.load, "load", 10*time.Second, "how long each row of the comparison is measured")
	flag.StringVar(&o.only, "only", "", "measure one part: alone, comparison or telemetry")
	flag.Func("telemetry-set", "set one configuration key of the platform whose telemetry is measured; repeatable", func(set string) error {
		o.telemetry = append(o.telemetry, set)
		return nil
	})
	asJSON := flag.Bool("json", false, "print JSON instead of tables")
	file := flag.String("out", "", "write JSON to a file too")
	flag.Parse()
	// A signal stops what was started, and another one doesn't hurry that: a fleet would go on without the report.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := measure(ctx, o)
	if err == nil {
		err = report.tell(*asJSON, *file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// tell prints the report, and writes it to a file where one is named.
func (r Report) tell(asJSON bool, file string) error {
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	encoded = append(encoded, '\n')
	if asJSON {
		_, err = os.Stdout.Write(encoded)
	} else {
		err = r.print(os.Stdout)
	}
	if file != "" {
		err = errors.Join(err, os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, encoded, 0o644))
	}
	return err
}

func measure(ctx context.Context, o options) (report Report, err error) {
	report.CPUs = runtime.NumCPU()
	dir, err := os.MkdirTemp("", "bitcraps-report")
	if err != nil {
		return report, err
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(dir)) }()
	// PostgreSQL, which is another user, must be able to enter.
	if err := os.Chmod(dir, 0o711); err != nil {
		return report, err
	}
	if o.rounds > 0 && o.wants(aloneOnly) {
		if report.Alone, err = alone(ctx, o, dir); err != nil {
			return report, err
		}
	}
	if o.wants(comparisonOnly) {
		if err = report.sideBySide(ctx, o, dir); err != nil {
			return report, err
		}
	}
	if o.wants(telemetryOnly) {
		report.Telemetry, err = costOfTelemetry(ctx, o, dir)
	}
	return report, err
}

// progress shows how far a step is, where somebody watches.
func progress(total int, what string) *progressbar.ProgressBar {
	if info, err := os.Stderr.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return progressbar.DefaultSilent(int64(total))
	}
	return progressbar.Default(int64(total), what)
}

func megabytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
