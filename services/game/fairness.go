package game

import (
	"math/big"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/edge"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/services/game/internal/fairness"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// fairnessMetrics show whether the dice are fair and whether wagers return what the rules promise.
type fairnessMetrics struct {
	dice, staked, returned *prometheus.CounterVec
	window                 fairness.Window
}

func newFairnessMetrics(scope telemetry.Scope) *fairnessMetrics {
	f := &fairnessMetrics{
		dice:     counter("bitcraps_dice_total", "Dice rolled, by face.", "face"),
		staked:   counter("bitcraps_wager_staked_tokens_total", "Cost (stake and commission) of the bets that rolls decided, by wager.", "bet_type"),
		returned: counter("bitcraps_wager_returned_tokens_total", "Tokens returned to players by the bets that rolls decided, by wager.", "bet_type"),
	}
	expected := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "bitcraps_wager_expected_return_ratio",
		Help: "Expected share of a bet's cost that is returned, by wager: exact, computed from the rules that settle it."}, []string{"bet_type"})
	scope.Metrics.MustRegister(f.dice, f.staked, f.returned, expected,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bitcraps_dice_chi_square",
			Help: "Chi-square statistic of the latest 3,600 rolls of this replica against fair dice, over the 36 ordered pairs; 0 below 180 rolls."}, f.window.ChiSquare),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bitcraps_dice_window_rolls",
			Help: "Number of rolls that bitcraps_dice_chi_square covers."}, func() float64 { return float64(f.window.Rolls()) }))
	for face := range 6 {
		f.dice.WithLabelValues(strconv.Itoa(face + 1))
	}
	for _, w := range craps.Wagers() {
		f.staked.WithLabelValues(w.Name)
		f.returned.WithLabelValues(w.Name)
		back, _ := new(big.Rat).Sub(big.NewRat(1, 1), edge.Table()[w.Code]).Float64()
		expected.WithLabelValues(w.Name).Set(back)
	}
	return f
}

// count counts the rounds that a saved turn settled. The turn loaded only live bets, so it decided all those that are now decided.
func (f *fairnessMetrics) count(turn *play.Turn) {
	settled := false
	for _, round := range turn.Rounds {
		if round.Status != play.Settled {
			continue
		}
		settled = true
		f.window.Add(round.Dice)
		for _, face := range []uint8{round.Dice.First, round.Dice.Second} {
			f.dice.WithLabelValues(strconv.Itoa(int(face))).Inc()
		}
	}
	if !settled {
		return
	}
	for _, bet := range turn.Bets {
		switch bet.Status {
		case play.Won, play.Lost, play.Pushed:
			f.staked.WithLabelValues(bet.Wager.Name).Add(float64(bet.Amount + bet.Commission))
			f.returned.WithLabelValues(bet.Wager.Name).Add(float64(bet.Payout))
		}
	}
}
