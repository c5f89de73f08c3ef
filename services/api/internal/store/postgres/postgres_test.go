package postgres_test

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres"
	"github.com/bitcraps/bitcraps/services/api/internal/store/storetest"
)

func TestMain(m *testing.M) { testserver.Main(m) }

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) player.Store {
		store, err := postgres.Open(t.Context(), testserver.Database(t, "api", postgres.Migrate), 4)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		return store
	})
}
