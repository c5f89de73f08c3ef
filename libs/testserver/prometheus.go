package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Prometheus returns the URL of a Prometheus server for one test. samples is OpenMetrics text with timestamps, which is backfilled before it
// starts.
func Prometheus(t testing.TB, samples string) string {
	t.Helper()
	program, promtool := Program(t, "prometheus", "prometheus"), Program(t, "promtool", "prometheus")
	dir := serverDir(t, map[string]string{"prometheus.yml": "global: {scrape_interval: 1s}\n", "samples": samples})
	data := filepath.Join(dir, "data")
	backfill := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", filepath.Join(dir, "samples"), data)
	if err := asServer(backfill); err != nil {
		t.Fatal(err)
	}
	if out, err := backfill.CombinedOutput(); err != nil {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
	return serve(t, dir, program, "/-/ready", func(address string) []string {
		return []string{"--config.file=" + filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path=" + data, "--web.listen-address=" + address}
	})
}

// Alertmanager returns the URL of an Alertmanager for one test, which notifies nobody.
func Alertmanager(t testing.TB) string {
	t.Helper()
	program := Program(t, "prometheus-alertmanager", "prometheus-alertmanager")
	dir := serverDir(t, map[string]string{"alertmanager.yml": "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"})
	return serve(t, dir, program, "/-/ready", func(address string) []string {
		return []string{"--config.file=" + filepath.Join(dir, "alertmanager.yml"), "--storage.path=" + filepath.Join(dir, "data"),
			"--web.listen-address=" + address, "--cluster.listen-address="}
	})
}

// serverDir creates a folder with files for a server.
func serverDir(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := NewDir()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		// The server runs as another user, and reads them.
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// serve runs an HTTP server for one test on a free address.
func serve(t testing.TB, dir, program, ready string, args func(address string) []string) (url string) {
	t.Helper()
	address := FreeAddress(t)
	url = "http://" + address
	Serve(t, Command{Dir: dir, Path: program, Args: args(address), Signal: "TERM"}, url+ready)
	return url
}
