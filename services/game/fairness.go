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

// fairnessMetrics show whether dice and wagers do what the rules promise.
type fairnessMetrics struct {
	dice, staked, returned *prometheus.CounterVec
	window                 fairness.Window
}

func newFairnessMetrics(scope telemetry.Scope) *fairnessMetrics {
	f := &fairnessMetrics{
		dice:     counter("bitcraps_dice_total", "Dice thrown, by the face that they showed.", "face"),
		staked:   counter("bitcraps_wager_staked_tokens_total", "What bets that rolls decided had cost, stake and commission, by wager.", "bet_type"),
		returned: counter("bitcraps_wager_returned_tokens_total", "What came back of them, by wager.", "bet_type"),
	}
	expected := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "bitcraps_wager_expected_return_ratio",
		Help: "Which part of what a bet costs comes back on average, by wager: exactly, from the rules that settle it."}, []string{"bet_type"})
	scope.Metrics.MustRegister(f.dice, f.staked, f.returned, expected,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bitcraps_dice_chi_square",
			Help: "How far the latest 3,600 rolls of this replica are from fair dice, by the 36 ordered pairs; 0 below 180 rolls."}, f.window.ChiSquare),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bitcraps_dice_window_rolls",
			Help: "How many rolls bitcraps_dice_chi_square is of."}, func() float64 { return float64(f.window.Rolls()) }))
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

// count counts the rounds that a saved turn settled. It loaded live bets, so those that are decided, it decided.
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
