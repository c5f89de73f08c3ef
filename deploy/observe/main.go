// Command observe demonstrates the fleet's observability. It starts the fleet with the collector, Jaeger, Prometheus and Alertmanager of
// deploy/ on this machine, has players play, makes one bet slow and finds its trace, kills two of four validators and waits for the alert,
// restarts them and waits for the alert's resolution. Then it stops everything that it started.
//
//	go run ./observe --fast
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// options configure the demonstration.
type options struct {
	// root is the repository, with the built binaries in bin.
	root string
	// dir is the working directory of all processes.
	dir string
	// fast shortens the configurations' delays from a minute to a second.
	fast bool
	// keep leaves everything running at the end, until ctx ends.
	keep bool
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", "..", "the repository, in which `make build` has built the services")
	flag.BoolVar(&o.fast, "fast", false, "shorten the delays of alerts and of the collector from a minute to a second")
	flag.BoolVar(&o.keep, "keep", false, "leave everything running at the end, until Ctrl-C")
	asJSON := flag.Bool("json", false, "print each event as a JSON object")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report := textReporter(os.Stdout)
	if *asJSON {
		report = jsonReporter(os.Stdout)
	}
	if err := run(ctx, o, report); err != nil {
		fmt.Fprintln(os.Stderr, "observe:", err)
		os.Exit(1)
	}
}

// run creates a working directory, runs all steps and cleans up.
func run(ctx context.Context, o options, report *reporter) (err error) {
	if o.dir, err = newDir(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	s, err := start(ctx, o, report)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := s.show(ctx); err != nil {
		return err
	}
	if o.keep {
		s.report.event("keep", "everything keeps running until Ctrl-C", s.urls())
		<-ctx.Done()
	}
	return nil
}

// newDir creates a directory that the servers' users can enter, since PostgreSQL does not run as root.
func newDir() (string, error) {
	dir, err := os.MkdirTemp("", "bitcraps-observe-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711) //nolint:gosec // See above; files are 0600.
}
