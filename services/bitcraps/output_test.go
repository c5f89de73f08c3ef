package bitcraps_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bitcraps/bitcraps/services/bitcraps"
)

// fullDisk is a writer on a disk without space.
type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// TestOutputErrorsFailCommands runs commands whose output goes to a full disk.
func TestOutputErrorsFailCommands(t *testing.T) {
	dir := t.TempDir()
	for _, args := range []string{"config schema", "config check", "chain init --dir " + filepath.Join(dir, "chain"), "migrate --data-dir " + dir, "audit --data-dir " + dir,
		"audit --json --data-dir " + dir} {
		cmd := bitcraps.Command()
		cmd.SetOut(fullDisk{})
		cmd.SetArgs(strings.Fields(args))
		if err := cmd.ExecuteContext(t.Context()); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// TestFailuresAsJSON makes commands fail before they print anything.
func TestFailuresAsJSON(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	for _, args := range []string{
		"audit --data-dir " + nowhere, "replay --game x", "replay --game 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4 --data-dir " + nowhere, "verify " + nowhere,
		"perf-report --prometheus http://127.0.0.1:1 --out " + nowhere, "fleet status --dir " + nowhere, "fleet down --dir " + nowhere, "profile --dir " + nowhere,
		"health --dir " + nowhere, "simulate --wager pass_line --rolls 0", "chain status --dir " + nowhere,
	} {
		out, err := command(t, args+" --json")
		var printed struct{ Error string }
		if broken := json.Unmarshal([]byte(out), &printed); broken != nil || err == nil || printed.Error == "" || !strings.HasPrefix(err.Error(), printed.Error) {
			t.Errorf("%s: ended with %v and printed %q", args, err, out)
		}
	}
	// The printed report contains the error already, so it stays a single object.
	if out, err := command(t, "health --target http://127.0.0.1:1 --json"); err == nil || strings.Count(out, "\n") != 1 || strings.Contains(out, `{"error"`) {
		t.Errorf("health: %v\n%s", err, out)
	}
}

// TestHelpNamesValues looks for backquotes in the usage of flags: pflag would take the quoted text as the name of the value.
func TestHelpNamesValues(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if strings.Contains(flag.Usage, "`") {
				value, _ := pflag.UnquoteUsage(flag)
				t.Errorf("%s --%s %s", cmd.CommandPath(), flag.Name, value)
			}
		})
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(bitcraps.Command())
}

// TestMistakesAreReportedOnce makes mistakes in configuration that every service reads.
func TestMistakesAreReportedOnce(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	for args, want := range map[string]string{
		"up --set x":                    "--set number 1: want key=value",
		"up --environment zz":           `environment "zz" is none of`,
		"up --config-dir " + nowhere:    "no such file or directory",
		"up --redis-url foo":            "redis.url: redis: invalid URL scheme",
		"migrate --environment zz":      `environment "zz" is none of`,
		"up --set gateway.limits.foo=1": "gateway.limits.foo: unknown key",
		"up --port 1":                   "unknown flag: --port; `bitcraps up --help` lists the valid ones",
		"fleet up --set a=1 --nothing":  "unknown flag: --nothing; `bitcraps fleet up --help`",
	} {
		_, err := command(t, args+" --data-dir "+nowhere)
		if strings.HasPrefix(args, "fleet") {
			_, err = command(t, args)
		}
		if err == nil || strings.Count(err.Error(), want) != 1 {
			t.Errorf("%s: %v\nwant %q once", args, err, want)
		}
	}
}
