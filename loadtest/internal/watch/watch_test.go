package watch_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
	"github.com/bitcraps/bitcraps/loadtest/internal/watch"
)

// start runs a platform for watchers until the test ends.
func start(t *testing.T, args ...string) *platform.Platform {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bitcraps")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./bitcraps/cmd/bitcraps")
	build.Dir, build.Env = "../../../services", append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, err := platform.Start(binary, filepath.Join(t.TempDir(), "data"), append(args, watch.PlatformArgs...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return p
}

// TestEveryWatcherSeesEveryRoll has watchers of both kinds, and idle connections in addition, watch a table.
func TestEveryWatcherSeesEveryRoll(t *testing.T) {
	p := start(t)
	for _, o := range []watch.Options{{Socket: true, Watchers: 200, Rolls: 5}, {Watchers: 200, Rolls: 5}, {Watchers: 10, Idle: 300, Rolls: 2}} {
		result, err := watch.Run(t.Context(), p, o)
		if err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
		if result.Rolls.Count != o.Watchers*o.Rolls || result.Events < result.Rolls.Count*2 {
			t.Errorf("%+v: %+v", o, result)
		}
		t.Logf("%+v: %+v", o, result)
	}
}

// TestRefusedBetEndsRun has a player's second bet refused: Run returns this error, and no watcher of either kind waits for the roll that
// never happens.
func TestRefusedBetEndsRun(t *testing.T) {
	p := start(t, "--set", "gateway.limits.rates.bet.per_minute=1", "--set", "gateway.limits.rates.bet.burst=1")
	for _, socket := range []bool{false, true} {
		ended := make(chan error, 1)
		go func() {
			_, err := watch.Run(t.Context(), p, watch.Options{Socket: socket, Watchers: 10, Rolls: 3})
			ended <- err
		}()
		select {
		case err := <-ended:
			if err == nil || !strings.Contains(err.Error(), "429") || strings.Contains(err.Error(), "after event") {
				t.Errorf("by WebSocket %v: %v", socket, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("by WebSocket %v: watchers are still waiting", socket)
		}
	}
}
