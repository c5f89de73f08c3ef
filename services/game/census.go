package game

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// census counts, at every tick, what only the store knows: how many players sit at the tables, and whether the ledger balances. One
// replica at a time does so for a database and the others export zeros, so that the sum over replicas is right.
type census struct {
	*Service
	players, drift, checked prometheus.Gauge

	loop run.Loop
}

func newCensus(s *Service, scope telemetry.Scope) *census {
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		scope.Metrics.MustRegister(g)
		return g
	}
	return &census{
		Service: s,
		players: gauge("bitcraps_active_players", "Players seated at open games, each counted once; 0 on all replicas but the one that counts."),
		drift:   gauge("bitcraps_ledger_drift_tokens", "Sum of all balances, which must be 0; 0 on all replicas but the one that counts."),
		checked: gauge("bitcraps_ledger_checked_timestamp_seconds", "When this replica last summed the balances; 0 if another replica counts."),
	}
}

func (c *census) start() {
	c.loop.Start(c.clock, c.cfg.Tables.CensusInterval, func(ctx context.Context) {
		if err := withSweepTimeout(ctx, c.take); err != nil && ctx.Err() == nil {
			c.logger.WarnContext(ctx, "census", "error", err)
		}
	})
}

// take counts once, unless another replica does, or may be doing so because this one cannot reach the database.
func (c *census) take(ctx context.Context) error {
	leads, err := c.store.Lead(ctx)
	if !leads {
		for _, gauge := range []prometheus.Gauge{c.players, c.drift, c.checked} {
			gauge.Set(0)
		}
		return err
	}
	counted, err := c.store.Census(ctx)
	if err != nil {
		return err
	}
	c.players.Set(float64(counted.Players))
	c.drift.Set(float64(counted.Drift))
	c.checked.Set(float64(c.now().UnixMilli()) / 1000)
	if counted.Drift != 0 {
		c.logger.ErrorContext(ctx, "the ledger does not add up; run bitcraps audit", "drift", counted.Drift)
	}
	return nil
}
