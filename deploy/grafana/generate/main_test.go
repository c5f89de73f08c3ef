package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/deploy/grafana/panels"
)

func TestDashboardsAreGenerated(t *testing.T) {
	const dir = "../dashboards"
	all := panels.Dashboards()
	for _, d := range all {
		want, err := render(d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, d.UID+".json"))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s.json differs from package panels (%v); run make generate", d.UID, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) != len(all) {
		t.Errorf("%s has %d files for %d dashboards (%v); remove those that are not generated", dir, len(files), len(all), err)
	}
}
