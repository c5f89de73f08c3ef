package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
	"github.com/bitcraps/bitcraps/services/api/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, filepath.Join(t.TempDir(), "api.db")) })
}

func open(t *testing.T, path string) store.Store {
	t.Helper()
	file := config.Database{URL: "sqlite://" + path, MaxConnections: 4}
	if _, err := store.Open(t.Context(), file); err == nil {
		t.Fatal("a database without a schema was opened")
	}
	if _, _, err := store.Migrate(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	opened, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}
