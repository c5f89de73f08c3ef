package store_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite"
)

func TestMain(m *testing.M) { testserver.Main(m) }

const (
	groups = 150
	// compareEvery is the number of groups between two comparisons of everything stored.
	compareEvery = 5
)

// TestEnginesAgree runs the same random groups of commands on SQLite and on either of two replicas of PostgreSQL. The engines must return
// the same answers, and store the same data.
func TestEnginesAgree(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	replicas, onFile := []play.Store{onPostgres(t, url), onPostgres(t, url)}, onSQLite(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := &workload{Rand: rand.New(rand.NewPCG(seed, 0)), t: t, now: time.UnixMicro(1_700_000_000_000_000).UTC()}
	for range 4 {
		w.players = append(w.players, w.newID())
	}
	bank := ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: pick(w.Rand, []int64{2_000, 20_000, 1_000_000}), Reason: ledger.Bankroll, At: w.now}
	for _, s := range []play.Store{replicas[0], onFile} {
		if err := s.Update(t.Context(), func(tx play.Tx) error { return tx.Transfer(t.Context(), bank) }); err != nil {
			t.Fatal(err)
		}
	}
	for n := range groups {
		replica, group := pick(w.Rand, replicas), w.group(n)
		want, failed := w.run(onFile, group)
		got, err := w.run(replica, group)
		if !slices.Equal(got, want) || !errors.Is(err, group.failure) || !errors.Is(failed, group.failure) {
			t.Fatalf("group %d answers\n%q, %v on PostgreSQL and\n%q, %v on SQLite", n, got, err, want, failed)
		}
		if n%compareEvery == 0 {
			w.compare(n, replica, onFile)
		}
	}
	for _, s := range append(replicas, onFile) {
		if audit, err := s.Audit(t.Context()); err != nil || !audit.Balanced() {
			t.Errorf("audit = %+v, %v", audit, err)
		}
	}
}

// workload generates the commands that both engines run.
type workload struct {
	*rand.Rand
	t              *testing.T
	now            time.Time
	players, games []uuid.UUID
}

func pick[V any](r *rand.Rand, of []V) V { return of[r.IntN(len(of))] }

// newID returns an id that sorts after all earlier ones.
func (w *workload) newID() uuid.UUID {
	w.now = w.now.Add(time.Millisecond)
	return idFrom(w.now, w.Rand)
}

func idFrom(at time.Time, r *rand.Rand) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16|uint64(r.IntN(1<<12)))
	binary.BigEndian.PutUint64(id[8:], r.Uint64())
	id[6], id[8] = 0x70|id[6]&0xf, 0x80|id[8]&0x3f
	return id
}

func onPostgres(t *testing.T, url string) play.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), url, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func onSQLite(t *testing.T) play.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "game.db")
	if _, _, err := sqlite.Migrate(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), path, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// compare fails if two stores differ, and drops games that have ended from the workload.
func (w *workload) compare(n int, a, b play.Store) {
	w.t.Helper()
	got, want := w.dump(a), w.dump(b)
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			w.t.Fatalf("after group %d line %d is\n%q\non PostgreSQL and\n%q\non SQLite", n, i, got[min(i, len(got)):min(i+1, len(got))], want[min(i, len(want)):min(i+1, len(want))])
		}
	}
	w.games = slices.DeleteFunc(w.games, func(id uuid.UUID) bool {
		game, err := b.Game(w.t.Context(), id)
		return err != nil || game.Status != play.Open
	})
}
