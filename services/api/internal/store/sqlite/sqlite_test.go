package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/store/sqlite"
	"github.com/bitcraps/bitcraps/services/api/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) player.Store { return open(t, filepath.Join(t.TempDir(), "api.db")) })
}

func open(t *testing.T, path string) player.Store {
	t.Helper()
	if _, err := sqlite.Open(t.Context(), path, 4); err == nil {
		t.Fatal("a database without a schema was opened")
	}
	if err := sqlite.Migrate(t.Context(), path); err != nil {
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
