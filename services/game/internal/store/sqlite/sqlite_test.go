package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite"
	"github.com/bitcraps/bitcraps/services/game/internal/store/storetest"
)

func open(t testing.TB) play.Store { return openPath(t, filepath.Join(t.TempDir(), "game.db")) }

func openPath(t testing.TB, path string) play.Store {
	t.Helper()
	if _, err := sqlite.Open(t.Context(), path, 4); err == nil {
		t.Fatal("a database without a schema was opened")
	}
	if _, _, err := sqlite.Migrate(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), path, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) play.Store { return open(t) })
}

func BenchmarkUpdate(b *testing.B) {
	storetest.Bench(b, func(b *testing.B) play.Store { return open(b) })
}

func BenchmarkSettle(b *testing.B) {
	storetest.BenchSettle(b, func(b *testing.B) play.Store { return open(b) })
}

// TestReplicas has two stores write one file, which one process does not do: SQLite must tell each store that the other one wrote, so that
// it clears its cache. data_version is comparable only within one connection, and connections may be reopened at any time.
func TestReplicas(t *testing.T) {
	for name, idle := range map[string]int{"connections stay": 1, "each transaction has a connection of its own": 0} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "game.db")
			stores := []play.Store{openPath(t, path)}
			second, err := sqlite.Open(t.Context(), path, 4)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = second.Close() })
			second.Writer.SetMaxIdleConns(idle)
			storetest.Replicas(t, append(stores, second)...)
		})
	}
}
