package bitcraps_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestMigrateSaysWhatItDid migrates what `bitcraps up` would, twice.
func TestMigrateSaysWhatItDid(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, want := range []string{" went from schema version 0 to ", " is at schema version "} {
		out, err := command(t, "migrate --data-dir "+dir)
		for _, service := range []string{"api", "game"} {
			if line := service + ": " + filepath.Join(dir, service+".db") + want; err != nil || !strings.Contains(out, line) {
				t.Errorf("%v, want %q:\n%s", err, line, out)
			}
		}
	}
}
