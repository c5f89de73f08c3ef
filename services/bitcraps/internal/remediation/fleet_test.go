package remediation_test

import (
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/remediation"
)

// TestFleetOnlyRestarts acts on a fleet that was never started. deploy/observe tests it on a running one.
func TestFleetOnlyRestarts(t *testing.T) {
	f := remediation.Fleet{Dir: t.TempDir(), Programs: t.TempDir()}
	for action, want := range map[remediation.Action]string{
		remediation.Restart: "there is no fleet", remediation.Rollback: "can't rollback", remediation.Scale: "can't scale",
	} {
		if _, err := f.Do(t.Context(), action, remediation.Target{Name: "game-0"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", action, err, want)
		}
	}
}
