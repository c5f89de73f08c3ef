package game

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// metrics count what this replica made durable at the tables, each change once: neither retries of a transaction nor repeated
// requests are counted again. A nil *metrics counts nothing.
type metrics struct {
	bets, rolls, completed *prometheus.CounterVec
	duration, groups       prometheus.Histogram
	fairness               *fairnessMetrics
}

// outcomes are the values of the label outcome: how games end.
var outcomes = map[gamev1.GameStatus]string{play.Completed: "completed", play.Expired: "expired"}

// gameBuckets range, in seconds, from a game that nobody played to one that lasted three days.
var gameBuckets = []float64{10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 259_200}

func newMetrics(scope telemetry.Scope) *metrics {
	if scope.Disabled {
		return nil
	}
	m := &metrics{
		bets:      counter("bitcraps_bets_placed_total", "Bets placed, by wager.", "bet_type"),
		rolls:     counter("bitcraps_rolls_total", "Rolls settled, by call.", "call"),
		completed: counter("bitcraps_games_completed_total", "Games closed, by outcome.", "outcome"),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bitcraps_game_duration_seconds",
			Help: "Time from a game's creation to its end.", Buckets: gameBuckets}),
		groups: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bitcraps_commit_group_size",
			Help: "Changes written in one transaction.", Buckets: prometheus.ExponentialBuckets(1, 2, 9)}),
		fairness: newFairnessMetrics(scope),
	}
	scope.Metrics.MustRegister(m.bets, m.rolls, m.completed, m.duration, m.groups)
	for _, w := range craps.Wagers() {
		m.bets.WithLabelValues(w.Name)
	}
	for _, outcome := range outcomes {
		m.completed.WithLabelValues(outcome)
	}
	return m
}

func counter(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
}

// observeGroup records the number of changes in a transaction.
func (m *metrics) observeGroup(size int) {
	if m != nil {
		m.groups.Observe(float64(size))
	}
}

// count counts what a saved turn did.
func (m *metrics) count(turn *play.Turn) {
	if m == nil {
		return
	}
	for _, event := range turn.Events {
		switch detail := event.GetDetail().(type) {
		case *gamev1.Event_BetPlaced:
			m.bets.WithLabelValues(detail.BetPlaced.GetBetType()).Inc()
		case *gamev1.Event_DiceRolled:
			m.rolls.WithLabelValues(detail.DiceRolled.GetCall()).Inc()
		case *gamev1.Event_GameClosed:
			m.completed.WithLabelValues(outcomes[detail.GameClosed.GetStatus()]).Inc()
			m.duration.Observe(turn.Now.Sub(turn.Game.CreatedAt).Seconds())
		}
	}
	m.fairness.count(turn)
}
