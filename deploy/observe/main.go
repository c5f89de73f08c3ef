// Command observe shows that the fleet can be seen from outside. It starts the fleet with the collector, Jaeger, Prometheus
// and Alertmanager of deploy/ on this machine, has players play, makes one bet slow and finds its trace, kills two of four
// validators and waits for the alert, mends them and waits for the all-clear. Then it stops what it started.
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

// options are what is shown, and how.
type options struct {
	// root is the repository, with the binaries in bin.
	root string
	// dir is where everything is kept while it runs.
	dir string
	// fast has a minute of every configuration pass in a second.
	fast bool
	// keep leaves everything running at the end, until ctx ends.
	keep bool
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", "..", "the repository; `make build` has made the services in its bin")
	flag.BoolVar(&o.fast, "fast", false, "have a minute of alerts and of the collector's waiting pass in a second")
	flag.BoolVar(&o.keep, "keep", false, "leave everything running at the end, until Ctrl-C")
	asJSON := flag.Bool("json", false, "print a JSON object for each event")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	say := human(os.Stdout)
	if *asJSON {
		say = lines(os.Stdout)
	}
	if err := run(ctx, o, say); err != nil {
		fmt.Fprintln(os.Stderr, "observe:", err)
		os.Exit(1)
	}
}

// run makes a folder for everything, shows all steps and clears up.
func run(ctx context.Context, o options, say reporter) (err error) {
	if o.dir, err = newDir(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	s, err := start(ctx, o, say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := s.show(ctx); err != nil {
		return err
	}
	if o.keep {
		s.say.event("keep", "everything runs until Ctrl-C", s.urls())
		<-ctx.Done()
	}
	return nil
}

// newDir makes a folder that the users of servers may enter: PostgreSQL does not run as root.
func newDir() (string, error) {
	dir, err := os.MkdirTemp("", "bitcraps-observe-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711) //nolint:gosec // See above; files are 0600.
}
