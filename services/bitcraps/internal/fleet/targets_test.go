package fleet

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestTargetsListAllAdminPorts(t *testing.T) {
	dir := t.TempDir()
	p, err := newPlan(Options{Engine: PostgreSQL}, plan{})
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Fleet{dir: dir, plan: p}).writeTargets(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "targets.json"))
	if err != nil {
		t.Fatal(err)
	}
	var targets []target
	if err := json.Unmarshal(text, &targets); err != nil {
		t.Fatal(err)
	}
	if len(targets) != len(p.Members) {
		t.Fatalf("%d targets; want one of each of the %d processes", len(targets), len(p.Members))
	}
	for i, m := range p.Members {
		if got := targets[i]; got.Targets[0] != m.Admin || got.Labels["service"]+"-"+got.Labels["replica"] != m.name() {
			t.Errorf("the target of %s is %v", m.name(), got)
		}
	}
}
