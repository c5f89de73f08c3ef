// Command report benchmarks platforms that it starts itself, on the same machine as the load generator, and prints tables: one process
// with a single player, then each way to run the platform compared with the machine's own performance in the same minutes, and the cost
// of telemetry. The results depend on the machine and its other load; compare only figures of the same run.
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

// Report contains the measurements.
type Report struct {
	CPUs       int       `json:"cpus"`
	Alone      Alone     `json:"alone"`
	SideBySide []Row     `json:"side_by_side"`
	Telemetry  Telemetry `json:"telemetry"`
	// GameMB is the memory of the fleets' largest game process after their rows, which include those with 100,000 tables and 1,000,000
	// players.
	GameMB float64 `json:"resident_mb_game"`
}

// options configure what is measured.
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

// includes reports whether a part is measured.
func (o options) includes(part string) bool { return o.only == "" || o.only == part }

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "../bin/bitcraps", "the platform's binary; the services' binaries must be in the same directory")
	flag.IntVar(&o.rounds, "rounds", 1000, "rounds to play, one after the other; 0 skips this part")
	flag.IntVar(&o.connections, "connections", 64, "concurrent connections that bet")
	flag.DurationVar(&o.load, "load", 10*time.Second, "how long each row of the comparison is measured")
	flag.StringVar(&o.only, "only", "", "measure one part: alone, comparison or telemetry")
	flag.Func("telemetry-set", "set one configuration key of the platform whose telemetry is measured; repeatable", func(set string) error {
		o.telemetry = append(o.telemetry, set)
		return nil
	})
	asJSON := flag.Bool("json", false, "print JSON instead of tables")
	file := flag.String("out", "", "also write JSON to a file")
	flag.Parse()
	// A signal stops what was started. A second one does not interrupt that, since a fleet would keep running without the report.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := measure(ctx, o)
	if err == nil {
		err = report.write(*asJSON, *file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// write prints the report, and writes it to a file if one is given.
func (r Report) write(asJSON bool, file string) error {
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
	// PostgreSQL, which runs as another user, must be able to enter the directory.
	if err := os.Chmod(dir, 0o711); err != nil {
		return report, err
	}
	if o.rounds > 0 && o.includes(aloneOnly) {
		if report.Alone, err = measureAlone(ctx, o, dir); err != nil {
			return report, err
		}
	}
	if o.includes(comparisonOnly) {
		if err = report.sideBySide(ctx, o, dir); err != nil {
			return report, err
		}
	}
	if o.includes(telemetryOnly) {
		report.Telemetry, err = measureTelemetry(ctx, o, dir)
	}
	return report, err
}

// progress returns a progress bar, which is shown only on a terminal.
func progress(total int, what string) *progressbar.ProgressBar {
	if info, err := os.Stderr.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return progressbar.DefaultSilent(int64(total))
	}
	return progressbar.Default(int64(total), what)
}

func megabytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
