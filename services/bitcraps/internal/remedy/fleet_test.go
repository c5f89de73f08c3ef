package remedy_test

import (
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/remedy"
)

// TestAFleetOnlyRestarts asks one that was never started. What it does to one that runs is held by deploy/observe.
func TestAFleetOnlyRestarts(t *testing.T) {
	f := remedy.Fleet{Dir: t.TempDir(), Programs: t.TempDir()}
	for action, want := range map[remedy.Action]string{
		remedy.Restart: "there is no fleet", remedy.Rollback: "can't rollback", remedy.Scale: "can't scale",
	} {
		if _, err := f.Do(t.Context(), action, remedy.Target{Name: "game-0"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", action, err, want)
		}
	}
}
