package bitcraps_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps"
)

// TestUsageErrorsNameTheFlag gives the operator's commands invalid arguments.
func TestUsageErrorsNameTheFlag(t *testing.T) {
	nowhere := t.TempDir()
	token := filepath.Join(nowhere, "token")
	if err := os.WriteFile(token, []byte(strings.Repeat("x", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	typo := filepath.Join(nowhere, "typo")
	remediate := "remediate --policy ../../deploy/remediation/policy.yaml --token-file " + token
	for _, tc := range []struct{ args, want string }{
		{"health --dir " + nowhere, "bitcraps fleet up"},
		{"health --target 127.0.0.1:8080", "--target 127.0.0.1:8080: want local or a URL"},
		{"health --target http://127.0.0.1:1 --prometheus here", "--prometheus here: want a URL"},
		{"health --target http://127.0.0.1:1 --logs " + nowhere, "--logs " + nowhere},
		{"health --target http://127.0.0.1:1", "failing: processes, services"},
		{"fleet status --dir " + typo, "bitcraps fleet up"},
		{"fleet down --dir " + typo, "bitcraps fleet up"},
		{"profile --dir " + nowhere, "bitcraps fleet up"},
		{"profile --seconds 0", "--seconds 0: want 1 to 600"},
		{"profile --kind speed", "there is no profile \"speed\"; choose from cpu"},
		{"profile --heap --kind cpu", "heap kind"},
		{"profile --admin http://127.0.0.1:1 --heap --out " + nowhere, "connection refused"},
		{"perf-report --prometheus here", "--prometheus here: want a URL"},
		{"perf-report --prometheus http://127.0.0.1:1 --out " + nowhere, "bitcraps_request_duration_seconds"},
		{"chain export --json", "unknown flag: --json"},
		{"remediate", "--token-file: name a file"},
		{"remediate --token-file " + os.DevNull, "at least 32 characters"},
		{"remediate --policy " + os.DevNull + " --token-file " + token, "--policy: "},
		{remediate + " --executor shell", "--executor shell: want fleet or kubernetes"},
		{remediate + " --dir " + filepath.Join(nowhere, "fleet"), "bitcraps fleet up"},
		{remediate + " --dry-run --listen 0.0.0.0:0", "--tls-cert-file and --tls-key-file, or listen on 127.0.0.1"},
		{remediate + " --dry-run --listen :0", "reachable from other machines"},
		{remediate + " --dry-run --tls-cert-file x", "go together"},
		{remediate + " --dry-run --listen :0 --tls-cert-file " + token + " --tls-key-file " + token, "--tls-cert-file: tls: failed to find"},
	} {
		if _, err := command(t, tc.args); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.args, err, tc.want)
		}
	}
	if _, err := os.Stat(typo); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a mistyped folder was created: %v", err)
	}
}

// command runs one of the operator's commands, and returns everything that it prints.
func command(t *testing.T, args string) (string, error) {
	t.Helper()
	cmd := bitcraps.Command()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(strings.Fields(args))
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}
