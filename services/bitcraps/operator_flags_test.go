package bitcraps_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps"
)

// TestOperatorsAreToldWhatToChange gives the operator's commands what they can't use.
func TestOperatorsAreToldWhatToChange(t *testing.T) {
	nowhere := t.TempDir()
	for _, tc := range []struct{ args, want string }{
		{"health --dir " + nowhere, "bitcraps fleet up"},
		{"health --target 127.0.0.1:8080", "--target 127.0.0.1:8080: want local or a URL"},
		{"health --target http://127.0.0.1:1 --prometheus here", "--prometheus here: want a URL"},
		{"health --target http://127.0.0.1:1 --logs " + nowhere, "--logs " + nowhere},
		{"health --target http://127.0.0.1:1", "failing: processes, services"},
		{"profile --dir " + nowhere, "bitcraps fleet up"},
		{"profile --seconds 0", "--seconds 0: want 1 to 600"},
		{"profile --kind speed", "there is no profile \"speed\"; there are cpu"},
		{"profile --heap --kind cpu", "heap kind"},
		{"profile --admin http://127.0.0.1:1 --heap --out " + nowhere, "connection refused"},
		{"perf-report --prometheus here", "--prometheus here: want a URL"},
		{"perf-report --prometheus http://127.0.0.1:1 --out " + nowhere, "bitcraps_request_duration_seconds"},
	} {
		cmd := bitcraps.Command()
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SetArgs(strings.Fields(tc.args))
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.args, err, tc.want)
		}
	}
}
