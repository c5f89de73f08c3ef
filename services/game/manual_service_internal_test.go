package game

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/jonboulle/clockwork"
	dto "github.com/prometheus/client_model/go"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store"
)

// countingStore is a store that counts transactions.
type countingStore struct {
	store.Store

	updates int
}

func (s *countingStore) Update(ctx context.Context, do func(play.Tx) error) error {
	s.updates++
	return s.Store.Update(ctx, do)
}

// manualService is a service without running writers: the test forms and commits the groups of commands itself.
type manualService struct {
	*Service
	t *testing.T
}

// newManualService returns a service on a SQLite file, unless change configures another database.
func newManualService(t *testing.T, change func(*Config)) (manualService, *countingStore) {
	t.Helper()
	cfg := Default()
	cfg.Database.URL = "sqlite://" + filepath.Join(t.TempDir(), "game.db")
	change(&cfg)
	if _, _, err := Migrate(t.Context(), cfg.Database); err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), cfg, Deps{Clock: clockwork.NewFakeClock()}, telemetry.Discard().For("game", 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
	transactions := &countingStore{Store: s.store}
	s.store = transactions
	if err := s.store.Update(t.Context(), func(tx play.Tx) error {
		return tx.Transfer(t.Context(), ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: 1_000_000, Reason: ledger.Bankroll, At: s.now()})
	}); err != nil {
		t.Fatal(err)
	}
	return manualService{s, t}, transactions
}

// defaultConfig leaves the configuration as it is.
func defaultConfig(*Config) {}

// onEachEngine runs a test on SQLite and on PostgreSQL.
func onEachEngine(t *testing.T, test func(*testing.T, manualService, *countingStore)) {
	for name, change := range map[string]func(*testing.T, *Config){"sqlite": func(*testing.T, *Config) {}, "postgres": onPostgres} {
		t.Run(name, func(t *testing.T) {
			s, transactions := newManualService(t, func(cfg *Config) { change(t, cfg) })
			test(t, s, transactions)
		})
	}
}

func onPostgres(t *testing.T, cfg *Config) {
	cfg.Database.URL = testserver.Database(t, "game", func(ctx context.Context, url string) (from, to int64, err error) {
		return Migrate(ctx, config.Database{URL: url})
	})
}

// commitTogether makes calls and commits their changes as one group, in order of the calls if each is by a different player.
func (s manualService) commitTogether(calls ...func() error) {
	s.t.Helper()
	var running sync.WaitGroup
	for i, call := range calls {
		running.Go(func() {
			if err := call(); err != nil {
				s.t.Error(err)
			}
		})
		for s.committer.queue.Len() <= i {
			runtime.Gosched()
		}
	}
	s.committer.commit(s.committer.queue.Take(s.t.Context(), maxGroup))
	running.Wait()
}

// Start implements service.Service: it starts the writers, but neither the sweeper nor the census.
func (s manualService) Start(context.Context) error {
	s.committer.start()
	return nil
}

// Stop implements service.Service. The store stays open for the test.
func (s manualService) Stop(context.Context) error {
	s.committer.stop()
	return nil
}

// groups returns how many groups were committed, and how many changes they had in total.
func (s manualService) groups() (groups uint64, changes float64) {
	s.t.Helper()
	var metric dto.Metric
	if err := s.metrics.groups.Write(&metric); err != nil {
		s.t.Fatal(err)
	}
	return metric.GetHistogram().GetSampleCount(), metric.GetHistogram().GetSampleSum()
}

// audit fails if the ledger does not balance.
func (s manualService) audit() {
	s.t.Helper()
	if audit, err := s.store.Audit(s.t.Context()); err != nil || !audit.Balanced() {
		s.t.Errorf("audit: %+v, %v", audit, err)
	}
}
