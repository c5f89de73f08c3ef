package postgres_test

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres"
	"github.com/bitcraps/bitcraps/services/api/internal/store/storetest"
)

func TestMain(m *testing.M) { testserver.Main(m) }

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		opened, err := store.Open(t.Context(), config.Database{URL: testserver.Database(t, "api", postgres.Migrate), MaxConnections: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := opened.Close(); err != nil {
				t.Error(err)
			}
		})
		return opened
	})
}
