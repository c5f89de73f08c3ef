package chain

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestTheLogKeepsItsLatestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"wal", "wal.998", "wal.999", "wal.1000", "wal.1001"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := pruneWAL(dir); err != nil {
			t.Fatal(err)
		}
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range left {
			left[i] = filepath.Base(left[i])
		}
		if want := []string{"wal", "wal.1000", "wal.1001"}; !slices.Equal(left, want) {
			t.Errorf("%v are left, want %v", left, want)
		}
	}
}
