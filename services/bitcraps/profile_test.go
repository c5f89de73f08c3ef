package bitcraps_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFailedProfileKeepsTheOthers requests two profiles, one of which the process refuses.
func TestFailedProfileKeepsTheOthers(t *testing.T) {
	mux, out := http.NewServeMux(), t.TempDir()
	mux.Handle("/debug/pprof/heap", pprof.Handler("heap"))
	mux.HandleFunc("/debug/pprof/goroutine", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not now", http.StatusInternalServerError) })
	admin := httptest.NewServer(mux)
	defer admin.Close()
	printed, err := command(t, "profile --admin "+admin.URL+" --kind goroutine --kind heap --json --out "+out)
	if err == nil || !strings.HasPrefix(err.Error(), "process goroutine: ") || !strings.Contains(err.Error(), "not now") {
		t.Errorf("it ended with %v", err)
	}
	if !strings.Contains(printed, `"kind":"heap"`) || strings.Contains(printed, "goroutine") {
		t.Errorf("it printed %s", printed)
	}
	for _, name := range []string{"process-heap.pprof", "process-heap.svg"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestStoppedProcessesAreNotProfiled profiles a fleet of which no process runs.
func TestStoppedProcessesAreNotProfiled(t *testing.T) {
	dir := t.TempDir()
	plan := `{"members":[{"service":"game","replica":0,"admin":"127.0.0.1:1"},{"service":"api","replica":0,"admin":"127.0.0.1:1"}]}`
	if err := os.WriteFile(filepath.Join(dir, "fleet.json"), []byte(plan), 0o600); err != nil {
		t.Fatal(err)
	}
	printed, err := command(t, "profile --heap --dir "+dir+" --service game")
	if err == nil || !strings.Contains(err.Error(), "no process to profile is running") || printed != "game-0 is stopped\n" {
		t.Errorf("it ended with %v, and printed %s", err, printed)
	}
}
