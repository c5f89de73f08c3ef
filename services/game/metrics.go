package game

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/craps"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// metrics count what happens at the tables.
type metrics struct {
	bets, rolls, completed *prometheus.CounterVec
	groups                 prometheus.Histogram
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	counter := func(name, help, label string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		registerer.MustRegister(c)
		return c
	}
	m := &metrics{
		bets:      counter("bitcraps_bets_placed_total", "Bets placed, by wager.", "bet_type"),
		rolls:     counter("bitcraps_rolls_total", "Rolls settled, by call.", "call"),
		completed: counter("bitcraps_games_completed_total", "Games closed, by outcome.", "outcome"),
	}
	m.groups = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "bitcraps_commit_group_size", Help: "Changes that were written in one transaction.", Buckets: prometheus.ExponentialBuckets(1, 2, 9)})
	registerer.MustRegister(m.groups)
	for _, w := range craps.Wagers() {
		m.bets.WithLabelValues(w.Name)
	}
	return m
}

func (m *metrics) count(event *play.Event) {
	switch detail := event.GetDetail().(type) {
	case *gamev1.Event_BetPlaced:
		m.bets.WithLabelValues(detail.BetPlaced.GetBetType()).Inc()
	case *gamev1.Event_DiceRolled:
		m.rolls.WithLabelValues(detail.DiceRolled.GetCall()).Inc()
	case *gamev1.Event_GameClosed:
		outcome := "completed"
		if detail.GameClosed.GetStatus() == play.Expired {
			outcome = "expired"
		}
		m.completed.WithLabelValues(outcome).Inc()
	}
}
