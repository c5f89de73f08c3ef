// Package e2e tests the platform from outside, over REST, the way players use it.
package e2e_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/bitcraps"
)

// target is a platform under test, in this process.
type target struct {
	url   string
	dir   string
	fleet *bitcraps.Fleet
	stop  func() error
}

// launch starts a platform of its own on a data directory.
func launch(dir string, set ...string) (*target, error) { return launchOn("", dir, set...) }

// launchOn is launch with a PostgreSQL beside the data directory.
func launchOn(database, dir string, set ...string) (*target, error) {
	opts := bitcraps.Options{HTTPAddr: "127.0.0.1:0", DataDir: dir, DatabaseURL: database, Validators: 4, Source: config.Source{Set: set, All: true}}
	cfg, err := opts.Load()
	if err != nil {
		return nil, err
	}
	tel, err := telemetry.New(context.Background(), "e2e", "test", cfg.Gateway.Telemetry, io.Discard)
	if err != nil {
		return nil, err
	}
	fleet, err := bitcraps.NewFleet(context.Background(), opts, cfg, tel)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- fleet.Run(ctx, func(url string) { urls <- url }) }()
	stop := func() error { cancel(); return <-ended }
	select {
	case url := <-urls:
		return &target{url: url, dir: dir, fleet: fleet, stop: stop}, nil
	case err := <-ended:
		cancel()
		return nil, fmt.Errorf("the platform did not start: %w", err)
	}
}

// own starts a platform for one test.
func own(t *testing.T, set ...string) *target {
	t.Helper()
	tg, err := launch(t.TempDir(), set...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tg.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return tg
}

// shared is one platform for all tests that break nothing.
var shared = sync.OnceValues(func() (*target, error) {
	dir, err := os.MkdirTemp("", "bitcraps-e2e")
	if err != nil {
		return nil, err
	}
	return launch(filepath.Join(dir, "data"))
})

func platform(t *testing.T) *target {
	t.Helper()
	tg, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return tg
}

func TestMain(m *testing.M) {
	code := testserver.Suite{M: m}.Run()
	if tg, err := shared(); err == nil {
		if err := tg.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop:", err)
			code = 1
		}
		_ = os.RemoveAll(filepath.Dir(tg.dir))
	}
	os.Exit(code)
}

// eventually waits for a condition; the deadline is far beyond what it should need.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s did not happen within a minute", what)
		}
	}
}
