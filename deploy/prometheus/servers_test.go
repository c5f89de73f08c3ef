package prometheus_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// newDir creates a server's directory, which any user can read.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := testserver.NewDir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyTo copies a file into a directory and replaces texts, given as pairs.
func copyTo(t *testing.T, dir, file string, replace ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, filepath.Base(file)), strings.NewReplacer(replace...).Replace(string(text)))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// start runs a server at a free local address until the test ends.
func start(t *testing.T, dir, program string, args ...string) (address string) {
	t.Helper()
	address = testserver.FreeAddress(t)
	testserver.Serve(t, testserver.Command{Dir: dir, Path: program, Args: append(args, "--web.listen-address="+address), Signal: "TERM"},
		"http://"+address+"/-/ready")
	return address
}

// startAlertmanager starts the pinned Alertmanager with the fleet's configuration, but without its delays.
func startAlertmanager(t *testing.T, webhook string) (address string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "make", "-C", "../..", "bin/tools/alertmanager").CombinedOutput(); err != nil {
		t.Fatalf("make bin/tools/alertmanager: %v\n%s", err, out)
	}
	dir := newDir(t)
	copyTo(t, dir, "../../bin/tools/alertmanager")
	copyTo(t, dir, "../alertmanager/alertmanager.yml", "/etc/alertmanager/secrets", dir,
		"group_wait: 30s", "group_wait: 0s", "group_wait: 10s", "group_wait: 0s", "group_interval: 5m", "group_interval: 1s")
	write(t, filepath.Join(dir, "team.url"), webhook+"/team")
	write(t, filepath.Join(dir, "on-call.url"), webhook+"/on-call")
	write(t, filepath.Join(dir, "remediation.url"), webhook+"/remediation")
	write(t, filepath.Join(dir, "remediation.token"), "token")
	return start(t, dir, filepath.Join(dir, "alertmanager"), "--config.file="+filepath.Join(dir, "alertmanager.yml"),
		"--storage.path="+filepath.Join(dir, "data"), "--cluster.listen-address=")
}

// startPrometheus starts Prometheus with the fleet's configuration and rules, but with intervals of one second.
func startPrometheus(t *testing.T, alertmanager, target string) (address string) {
	t.Helper()
	dir := newDir(t)
	copyTo(t, dir, "prometheus.yml", "interval: 15s", "interval: 1s", "127.0.0.1:9093", alertmanager,
		"rules/*.yaml", filepath.Join(dir, "*.yaml"), "../../data-fleet/targets.json", "targets.json")
	for _, file := range glob(t, "rules/*.yaml") {
		copyTo(t, dir, file)
	}
	write(t, filepath.Join(dir, "targets.json"), `[{"targets": ["`+target+`"], "labels": {"service": "game", "replica": "0"}}]`)
	return start(t, dir, testserver.Program(t, "prometheus", "prometheus"), "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"))
}
