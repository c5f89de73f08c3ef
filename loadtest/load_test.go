// Package loadtest runs the plan's load script against the platform.
package loadtest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
)

// planSHA256 is the SHA-256 of the script as printed in the infrastructure plan (section 6.3.1).
const planSHA256 = "bf429f69be9eb22bf898c82bc02ea063a589c036c9700d20820f5389460df80e"

// goBuild compiles a main package of the module in a directory, outside of the workspace.
func goBuild(t *testing.T, dir, pkg string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), filepath.Base(pkg))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return binary
}

// TestPlanScriptPasses runs the plan's script, unmodified, with shorter stages. All of its checks must pass.
func TestPlanScriptPasses(t *testing.T) {
	script, err := os.ReadFile("api-load-test.js")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(script); hex.EncodeToString(sum[:]) != planSHA256 {
		t.Fatalf("the script is not the plan's: its hash is %x", sum)
	}
	p, err := platform.Start(goBuild(t, "../services", "./bitcraps/cmd/bitcraps"), filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	}()
	summary := filepath.Join(t.TempDir(), "summary.json")
	k6 := exec.CommandContext(t.Context(), goBuild(t, "../tools/k6", "go.k6.io/k6"), "run", "--quiet", "--no-usage-report", "--summary-export", summary,
		"--stage", "3s:20,6s:20,3s:40,6s:40,2s:0", "--env", "BASE_URL="+p.URL, "api-load-test.js")
	out, err := k6.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("k6: %v", err)
	}
	checkSummary(t, summary)
}

func checkSummary(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var summary struct {
		Metrics struct {
			Checks   struct{ Passes, Fails int } `json:"checks"`
			Failed   struct{ Value float64 }     `json:"http_req_failed"`
			Requests struct{ Count int }         `json:"http_reqs"`
		}
	}
	if err := json.Unmarshal(text, &summary); err != nil {
		t.Fatal(err)
	}
	m := summary.Metrics
	if m.Checks.Fails != 0 || m.Checks.Passes < 400 || m.Failed.Value != 0 {
		t.Errorf("%d checks passed, %d failed, failed requests ratio %f", m.Checks.Passes, m.Checks.Fails, m.Failed.Value)
	}
}
