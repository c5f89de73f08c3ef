// Package scripts_test runs the operators' scripts against a fake cluster, with fake programs first on the PATH that record their calls, and
// checks the scripts with shellcheck.
package scripts_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// recordCall begins every fake program: it records the program's name and arguments. The program's own script follows it.
const recordCall = `#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
`

// fakeCluster is a directory of fake programs for the PATH.
type fakeCluster struct {
	t   *testing.T
	dir string
}

func newFakeCluster(t *testing.T, answers map[string]string) fakeCluster {
	t.Helper()
	testserver.Program(t, "jq", "jq")
	c := fakeCluster{t, t.TempDir()}
	for name, answer := range answers {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(recordCall+answer), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// run runs a script, and returns its output and the calls of programs.
func (c fakeCluster) run(script string, env []string, args ...string) (out string, calls []string, err error) {
	c.t.Helper()
	log := filepath.Join(c.t.TempDir(), "calls")
	cmd := exec.Command("./"+script, args...)
	cmd.Env = append(os.Environ(), "PATH="+c.dir+":"+os.Getenv("PATH"), "CALLS="+log, "BITCRAPS="+filepath.Join(c.dir, "bitcraps"))
	cmd.Env = append(cmd.Env, env...)
	text, err := cmd.CombinedOutput()
	written, readErr := os.ReadFile(log)
	if readErr != nil {
		c.t.Fatalf("no program was called: %v\n%s", readErr, text)
	}
	return string(text), strings.Split(strings.TrimSpace(string(written)), "\n"), err
}

// healthyCluster are the scripts of fake programs for a healthy cluster. The api is a Deployment, the others are Rollouts.
var healthyCluster = map[string]string{
	"bitcraps": "",
	"kubectl": `case "$*" in
"get rollouts.argoproj.io bitcraps-api "*) exit 1 ;;
logs*) for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "{\"level\":\"ERROR\",\"msg\":\"failure $i\"}"; echo "{\"level\":\"INFO\",\"msg\":\"fine $i\"}"; done ;;
port-forward*) echo "Forwarding from 127.0.0.1:40123 -> 7100" ;;
esac
`,
	"curl": `case "$*" in
*alerts*) echo '[{"labels":{"alertname":"Silent"},"status":{"state":"suppressed"}}]' ;;
*) echo '{"status":"success"}' ;;
esac
`,
}

func TestHealthCheckOfCluster(t *testing.T) {
	c := newFakeCluster(t, healthyCluster)
	out, calls, err := c.run("daily-health-check.sh", []string{"ENVIRONMENT=production"})
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := os.ReadFile("testdata/health-calls.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(calls, "\n") + "\n"; got != string(want) {
		t.Errorf("called\n%s\nwant\n%s", got, want)
	}
	for _, text := range []string{"Environment: production", "failure 3", "failure 12", "7. Active alerts", "Daily health check completed\n"} {
		if !strings.Contains(out, text) {
			t.Errorf("the output lacks %q:\n%s", text, out)
		}
	}
	for _, text := range []string{"failure 2\"", "fine", "Silent"} {
		if strings.Contains(out, text) {
			t.Errorf("the output contains %q:\n%s", text, out)
		}
	}
}

// TestActiveAlertFailsHealthCheck checks a cluster that is healthy except for an active alert.
func TestActiveAlertFailsHealthCheck(t *testing.T) {
	answers := maps.Clone(healthyCluster)
	answers["curl"] = `echo '[{"labels":{"alertname":"Consensus_Latency_High"},"status":{"state":"active"}}]'` + "\n"
	out, _, err := newFakeCluster(t, answers).run("daily-health-check.sh", []string{"ENVIRONMENT=production"})
	if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(out, "Consensus_Latency_High") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestEveryStepRuns has every program fail.
func TestEveryStepRuns(t *testing.T) {
	c := newFakeCluster(t, map[string]string{"kubectl": "exit 1\n", "curl": "exit 22\n"})
	out, calls, err := c.run("daily-health-check.sh", []string{"ENVIRONMENT=staging"})
	if err == nil || !strings.Contains(calls[len(calls)-1], "api/v2/alerts") || !strings.Contains(out, "7. Active alerts") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestLocalHealthCheck(t *testing.T) {
	c := newFakeCluster(t, healthyCluster)
	for _, env := range []string{"ENVIRONMENT=local", "ENVIRONMENT=production"} {
		out, calls, err := c.run("daily-health-check.sh", []string{env}, "--target=local", "--json")
		if err != nil || len(calls) != 1 || calls[0] != "bitcraps health --target=local --json" {
			t.Errorf("%s: %v %q\n%s", env, err, calls, out)
		}
	}
	c = newFakeCluster(t, map[string]string{"bitcraps": "exit 2\n"})
	if _, _, err := c.run("daily-health-check.sh", nil); err == nil || !strings.Contains(err.Error(), "exit status 2") {
		t.Errorf("a degraded platform: %v", err)
	}
}

func TestPerformanceAnalysis(t *testing.T) {
	c := newFakeCluster(t, healthyCluster)
	for env, want := range map[string][]string{
		"ENVIRONMENT=local": {
			"bitcraps perf-report --prometheus http://127.0.0.1:9090 --environment local --out .",
			"bitcraps profile --service game --dir data-fleet --seconds 60 --out ./profiles",
		},
		"ENVIRONMENT=production": {
			"kubectl top nodes", "kubectl top pods -n bitcraps --sort-by=cpu", "kubectl top pods -n bitcraps --sort-by=memory",
			"bitcraps perf-report --prometheus http://prometheus:9090 --environment production --out .",
			"kubectl port-forward -n bitcraps deployment/bitcraps-game :7100",
			"bitcraps profile --admin http://127.0.0.1:40123 --seconds 60 --out ./profiles",
		},
	} {
		out, calls, err := c.run("performance-analysis.sh", []string{env})
		if err != nil || strings.Join(calls, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %v\n%s\n%s", env, err, strings.Join(calls, "\n"), out)
		}
	}
	c = newFakeCluster(t, map[string]string{"bitcraps": "exit 1\n"})
	if out, _, err := c.run("performance-analysis.sh", []string{"ENVIRONMENT=local"}); err == nil || strings.Contains(out, "completed") {
		t.Errorf("a failure: %v\n%s", err, out)
	}
}

func TestShellcheck(t *testing.T) {
	scripts, err := filepath.Glob("*.sh")
	if err != nil || len(scripts) == 0 {
		t.Fatal("there are no scripts", err)
	}
	if out, err := exec.Command(testserver.Program(t, "shellcheck", "shellcheck"), scripts...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
