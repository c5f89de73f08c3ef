package watch_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
	"github.com/bitcraps/bitcraps/loadtest/internal/watch"
)

// TestEveryWatcherSeesEveryRoll has watchers of both kinds, and idle connections beside them, see a table being played.
func TestEveryWatcherSeesEveryRoll(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bitcraps")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./bitcraps/cmd/bitcraps")
	build.Dir, build.Env = "../../../services", append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, err := platform.Start(binary, filepath.Join(t.TempDir(), "data"), watch.Set...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	}()
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
