package postgres_test

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
	"github.com/bitcraps/bitcraps/services/game/internal/store/storetest"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// connections is the limit of connections of the stores in these tests.
const connections = 10

func open(t testing.TB) play.Store {
	return openURL(t, testserver.Database(t, "game", postgres.Migrate))
}

func openURL(t testing.TB, url string) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), url, connections)
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

func TestReplicas(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	storetest.Replicas(t, openURL(t, url), openURL(t, url))
}
