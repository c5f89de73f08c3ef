package chain_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// contents are the names of the files of a home and of its data folder.
func contents(t *testing.T, home string) (names []string) {
	t.Helper()
	for _, dir := range []string{"", "data"} {
		entries, err := os.ReadDir(filepath.Join(home, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			names = append(names, filepath.Join(dir, entry.Name()))
		}
	}
	return names
}

func TestReset(t *testing.T) {
	net := newNetwork(t, 1)
	net.startAs(0, small)
	for round := range uint64(5) {
		net.decide(0, commitment(1, round+1))
	}
	testserver.Eventually(t, "a snapshot", func() bool {
		_, err := os.Stat(filepath.Join(net.home(0), "data", "snapshots", "1", "manifest.json"))
		return err == nil
	})
	net.stop(0)
	whole := contents(t, net.home(0))
	if err := chain.ResetIfMarked(net.home(0)); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, net.home(0)); !slices.Equal(got, whole) {
		t.Fatalf("without a marker it has %v, and had %v", got, whole)
	}
	// Everything that is not the chain's data stays: the lock, the peers' addresses, and the files outside the folder.
	kept := slices.DeleteFunc(slices.Clone(whole), func(name string) bool {
		return filepath.Dir(name) == "data" && name != "data/lock" && name != "data/addrbook.json"
	})
	for marker, gone := range map[string][]string{
		"overtaken": nil,
		"joining":   {"new", "application.db", "cs.wal"}, // A crash interrupted the reset.
	} {
		home := t.TempDir()
		if err := os.CopyFS(home, os.DirFS(net.home(0))); err != nil {
			t.Fatal(err)
		}
		for _, name := range gone {
			if err := os.RemoveAll(filepath.Join(home, "data", name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(home, "data", marker), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // The second has nothing to do.
			if err := chain.ResetIfMarked(home); err != nil {
				t.Fatal(err)
			}
			if got := contents(t, home); !slices.Equal(got, kept) {
				t.Errorf("after the marker %q it has %v, want %v", marker, got, kept)
			}
		}
	}
}
