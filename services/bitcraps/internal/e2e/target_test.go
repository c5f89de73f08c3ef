// Package e2e_test tests the platform end to end, over REST, the way players use it.
package e2e_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/bitcraps"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
)

// engine is the database engine of the fleets under test: go test ./services/bitcraps/internal/e2e -args -engine postgresql
var engine = flag.String("engine", fleet.DefaultEngine, "sqlite, or postgresql for fleets with two games")

// target is a platform under test.
type target struct {
	gateways []gatewayAddr
	next     atomic.Int64
	dir      string
	logs     []string // The files that its services log to.
	// platform is nil unless the target runs in this process.
	platform *bitcraps.Platform
	// states are the processes of a fleet by name, as of the last start.
	states map[string]fleet.State
	// heal starts the processes of a fleet that have died.
	heal func() error
	// databases are URLs by service. stop audits the game's.
	databases map[string]string
	stop      func() error
}

// gatewayAddr has the URLs of a gateway and of its metrics.
type gatewayAddr struct{ url, metrics string }

// url returns the gateway for the next client, round-robin.
func (tg *target) url() string {
	return tg.gateways[tg.next.Add(1)%int64(len(tg.gateways))].url
}

// metrics returns the URL of the metrics of the gateway at a URL.
func (tg *target) metrics(url string) string {
	for _, gatewayAddr := range tg.gateways {
		if gatewayAddr.url == url {
			return gatewayAddr.metrics
		}
	}
	return ""
}

// targets are the ways to run the platform. Tests that are not destructive run on each.
var targets = []struct {
	name  string
	slow  bool
	start func() (*target, error)
}{
	{"one process", false, shared(launchVerbose)},
	{"fleet", true, shared(func(dir string) (*target, error) { return launchFleet(dir, verboseLogging...) })},
}

// forEachTarget runs a test against every target.
func forEachTarget(t *testing.T, test func(*testing.T, *target)) {
	t.Helper()
	for _, kind := range targets {
		t.Run(kind.name, func(t *testing.T) {
			if kind.slow && testing.Short() {
				t.Skip("it builds five binaries")
			}
			tg, err := kind.start()
			if err != nil {
				t.Fatal(err)
			}
			test(t, tg)
		})
	}
}

// oneProcess returns the shared one-process target, for tests that need only that.
func oneProcess(t *testing.T) *target {
	t.Helper()
	tg, err := targets[0].start()
	if err != nil {
		t.Fatal(err)
	}
	return tg
}

// cleanups run after all tests, in reverse order.
var cleanups []func() error

// shared starts a target that all tests share when it is first needed.
func shared(start func(dir string) (*target, error)) func() (*target, error) {
	return sync.OnceValues(func() (*target, error) {
		dir, err := os.MkdirTemp("", "bitcraps-e2e")
		if err != nil {
			return nil, err
		}
		cleanups = append(cleanups, func() error { return os.RemoveAll(dir) })
		if err := os.Chmod(dir, 0o711); err != nil { // A private PostgreSQL must be able to enter.
			return nil, err
		}
		tg, err := start(filepath.Join(dir, "data"))
		if err == nil {
			cleanups = append(cleanups, tg.checkLogs, tg.stop)
		}
		return tg, err
	})
}

func TestMain(m *testing.M) {
	code := testserver.Suite{M: m}.Run()
	if found, err := undocumentedAfterAll(); err != nil || len(found) > 0 {
		fmt.Fprintln(os.Stderr, "the OpenAPI document lacks responses that tests have received:", strings.Join(found, "\n"), err)
		code = 1
	}
	for i := len(cleanups) - 1; i >= 0; i-- {
		if err := cleanups[i](); err != nil {
			fmt.Fprintln(os.Stderr, "stop:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// launch starts a platform of its own in this process on a data directory.
func launch(dir string, set ...string) (*target, error) { return launchLogged(io.Discard, dir, set...) }

// verboseLogging is the configuration of platforms whose logs are checked after all tests.
var verboseLogging = []string{"telemetry.log_level=debug", "telemetry.log_sample_ratio=1"}

// launchVerbose is launch with a log that is checked after all tests.
func launchVerbose(dir string) (*target, error) {
	log, err := os.Create(dir + ".log")
	if err != nil {
		return nil, err
	}
	cleanups = append(cleanups, log.Close)
	tg, err := launchLogged(log, dir, verboseLogging...)
	if err == nil {
		tg.logs = []string{log.Name()}
	}
	return tg, err
}

// launchLogged is launch with a log.
func launchLogged(log io.Writer, dir string, set ...string) (*target, error) {
	return start(bitcraps.Options{DataDir: dir, Source: config.Source{Set: set, AllServices: true}}, log)
}

// processName is the value of the label service for metrics of the process.
const processName = "e2e"

func start(opts bitcraps.Options, log io.Writer) (*target, error) {
	opts.HTTPAddr, opts.Validators = "127.0.0.1:0", 4
	cfg, err := opts.Load()
	if err != nil {
		return nil, err
	}
	tel, err := telemetry.New(context.Background(), processName, "test", cfg.Gateway.Telemetry, log)
	if err != nil {
		return nil, err
	}
	all, err := bitcraps.New(context.Background(), opts, cfg, tel)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- all.Run(ctx, func(url string) { urls <- url }) }()
	databases := map[string]string{identity.API: cfg.API.Database.URL, identity.Game: cfg.Game.Database.URL}
	stop := func() error {
		cancel()
		return errors.Join(<-ended, auditLedger(databases[identity.Game]))
	}
	select {
	case url := <-urls:
		return &target{gateways: []gatewayAddr{{url, url}}, dir: opts.DataDir, platform: all, databases: databases, stop: stop}, nil
	case err := <-ended:
		cancel()
		return nil, fmt.Errorf("the platform did not start: %w", err)
	}
}

// launchFleet starts every service in a process of its own.
func launchFleet(dir string, set ...string) (*target, error) {
	opts := fleet.Options{Engine: *engine, Set: set}
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	f, err := fleet.Create(context.Background(), dir, bin, func(string) {})
	if err != nil {
		return nil, err
	}
	if _, err := f.Up(context.Background(), opts); err != nil {
		f.Close()
		return nil, err
	}
	tg := &target{dir: dir, states: map[string]fleet.State{}}
	tg.heal = func() error {
		_, err := f.Up(context.Background(), opts)
		tg.updateStates(f)
		return err
	}
	tg.stop = func() error {
		defer f.Close()
		audited := auditLedger(tg.databases[identity.Game]) // Before its PostgreSQL stops.
		_, err := f.Down(context.Background())
		return errors.Join(audited, err)
	}
	if tg.databases, err = fleetDatabases(dir); err != nil {
		return nil, errors.Join(err, tg.stop())
	}
	tg.updateStates(f)
	for _, state := range f.Status(context.Background()) {
		if service, _, _ := strings.Cut(state.Name, "-"); slices.Contains(config.Services, service) {
			tg.logs = append(tg.logs, filepath.Join(dir, "log", state.Name+".log"))
		}
		if strings.HasPrefix(state.Name, "gateway-") {
			tg.gateways = append(tg.gateways, gatewayAddr{state.Address, "http://" + state.Admin})
		}
	}
	return tg, nil
}

// fleetDir returns a folder for the fleet of one test. PostgreSQL can't enter the folders that t.TempDir creates as root.
func fleetDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bitcraps-fleet")
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}

// binaries returns the folder with the binaries, which it builds when they are first needed.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "bitcraps-bin")
	if err != nil {
		return "", err
	}
	cleanups = append(cleanups, func() error { return os.RemoveAll(dir) })
	args := []string{"build", "-o", dir + "/"}
	for _, pkg := range []string{"services/bitcraps/cmd/bitcraps", "services/consensus/cmd/consensus", "services/game/cmd/game", "services/api/cmd/api", "gateway/cmd/gateway"} {
		args = append(args, "github.com/bitcraps/bitcraps/"+pkg)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return dir, nil
})

// binaryPath returns the path of a service's binary.
func binaryPath(t *testing.T, name string) string {
	t.Helper()
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// ownTarget starts a platform for one test.
func ownTarget(t *testing.T, set ...string) *target {
	t.Helper()
	tg, err := launch(t.TempDir(), set...)
	return stopAtEnd(t, tg, err)
}

// stopAtEnd stops a target when its test ends.
func stopAtEnd(t *testing.T, tg *target, err error) *target {
	t.Helper()
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
