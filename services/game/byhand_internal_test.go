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

// counted is a store that counts transactions.
type counted struct {
	store.Store

	updates int
}

func (s *counted) Update(ctx context.Context, do func(play.Tx) error) error {
	s.updates++
	return s.Store.Update(ctx, do)
}

// byHand is a service whose groups the test puts together.
type byHand struct {
	*Service
	t *testing.T
}

// newByHand makes one on a SQLite file, unless the test wants another configuration.
func newByHand(t *testing.T, change func(*Config)) (byHand, *counted) {
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
	transactions := &counted{Store: s.store}
	s.store = transactions
	if err := s.store.Update(t.Context(), func(tx play.Tx) error {
		return tx.Transfer(t.Context(), ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: 1_000_000, Reason: ledger.Bankroll, At: s.now()})
	}); err != nil {
		t.Fatal(err)
	}
	return byHand{s, t}, transactions
}

// usual is the configuration as it is.
func usual(*Config) {}

// onEachEngine runs a test on SQLite and on PostgreSQL.
func onEachEngine(t *testing.T, test func(*testing.T, byHand, *counted)) {
	for name, change := range map[string]func(*testing.T, *Config){"sqlite": func(*testing.T, *Config) {}, "postgres": onPostgres} {
		t.Run(name, func(t *testing.T) {
			s, transactions := newByHand(t, func(cfg *Config) { change(t, cfg) })
			test(t, s, transactions)
		})
	}
}

func onPostgres(t *testing.T, cfg *Config) {
	cfg.Database.URL = testserver.Database(t, "game", func(ctx context.Context, url string) (from, to int64, err error) {
		return Migrate(ctx, config.Database{URL: url})
	})
}

// together makes calls whose changes are one group, in their order where each is another player's.
func (s byHand) together(calls ...func() error) {
	s.t.Helper()
	var running sync.WaitGroup
	for i, call := range calls {
		running.Go(func() {
			if err := call(); err != nil {
				s.t.Error(err)
			}
		})
		for s.commits.queue.Len() <= i {
			runtime.Gosched()
		}
	}
	s.commits.commit(s.commits.queue.Take(s.t.Context(), maxGroup))
	running.Wait()
}

// Start implements service.Service: what calls wait for is written, and nothing else happens.
func (s byHand) Start(context.Context) error {
	s.commits.start()
	return nil
}

// Stop implements service.Service. The store stays open for the test.
func (s byHand) Stop(context.Context) error {
	s.commits.stop()
	return nil
}

// groups are how many groups there were, and how many changes were in them.
func (s byHand) groups() (groups uint64, changes float64) {
	s.t.Helper()
	var metric dto.Metric
	if err := s.metrics.groups.Write(&metric); err != nil {
		s.t.Fatal(err)
	}
	return metric.GetHistogram().GetSampleCount(), metric.GetHistogram().GetSampleSum()
}

// audit fails where the ledger does not add up.
func (s byHand) audit() {
	s.t.Helper()
	if audit, err := s.store.Audit(s.t.Context()); err != nil || !audit.Balanced() {
		s.t.Errorf("audit: %+v, %v", audit, err)
	}
}
