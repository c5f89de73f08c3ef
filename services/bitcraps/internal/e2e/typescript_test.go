package e2e_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// TestTypeScriptClient compiles the client, runs its own tests, and has its example play a round and check its receipt.
func TestTypeScriptClient(t *testing.T) {
	if testing.Short() {
		t.Skip("it installs and compiles")
	}
	node, npm := testserver.Node(t), testserver.Program(t, "npm", "npm")
	tg, bitcraps := oneProcess(t), binaryPath(t, "bitcraps")
	const dir = "../../../../clients/typescript"
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); errors.Is(err, fs.ErrNotExist) {
		run(npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	}
	run(npm, "run", "build")
	run(node, "--test", "test/")
	out := run(node, "examples/play.mjs", tg.url(), bitcraps)
	for _, want := range []string{"rolled", "saw game_created player_joined shooter_changed bet_placed betting_closed dice_rolled", "ok      settlement"} {
		if !strings.Contains(out, want) {
			t.Errorf("the example does not print %q:\n%s", want, out)
		}
	}
	if packed := run(npm, "pack", "--dry-run", "--json"); !strings.Contains(packed, "dist/index.d.ts") || strings.Contains(packed, "node_modules") {
		t.Errorf("the published files are %s", packed)
	}
}
