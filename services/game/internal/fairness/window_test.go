package fairness_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/services/game/internal/fairness"
)

// beyond is the statistic that one window in a thousand of fair dice exceeds.
const beyond = 66.619

func roll(w *fairness.Window, n int, throw func(i int) craps.Dice) {
	for i := range n {
		w.Add(throw(i))
	}
}

func everyPair(i int) craps.Dice { return craps.Dice{First: uint8(i/6%6) + 1, Second: uint8(i%6) + 1} }

func TestChiSquare(t *testing.T) {
	var w fairness.Window
	roll(&w, fairness.MinRolls-1, func(int) craps.Dice { return craps.Dice{First: 6, Second: 6} })
	if w.ChiSquare() != 0 {
		t.Error("a statistic of too few rolls")
	}
	w = fairness.Window{}
	roll(&w, fairness.Size, everyPair)
	if got := w.ChiSquare(); got != 0 || w.Rolls() != fairness.Size {
		t.Errorf("chi-square of each pair a hundred times = %v, want 0", got)
	}
	// One pair is rolled 136 times and another one 64 times: twice 36² / 100.
	w = fairness.Window{}
	roll(&w, fairness.Size, func(i int) craps.Dice {
		if i < 36*36 && i%36 == 0 {
			return craps.Dice{First: 6, Second: 6}
		}
		return everyPair(i)
	})
	if got := w.ChiSquare(); math.Abs(got-2*36*36/100.0) > 1e-9 {
		t.Errorf("chi-square = %v", got)
	}
}

func TestOldRollsLeaveTheWindow(t *testing.T) {
	var w fairness.Window
	roll(&w, 5000, func(int) craps.Dice { return craps.Dice{First: 1, Second: 1} })
	if w.ChiSquare() < beyond {
		t.Error("dice that always show the same pass as fair")
	}
	roll(&w, fairness.Size, everyPair)
	if got := w.ChiSquare(); got != 0 || w.Rolls() != fairness.Size {
		t.Errorf("%v with %d rolls", got, w.Rolls())
	}
}

func TestLoadedDiceAreDetected(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	fair := func() uint8 { return uint8(random.IntN(6)) + 1 }
	loaded := func() uint8 { // Shows a six a fifth of the time.
		if random.IntN(25) == 0 {
			return 6
		}
		return fair()
	}
	var honest, crooked fairness.Window
	roll(&honest, fairness.Size, func(int) craps.Dice { return craps.Dice{First: fair(), Second: fair()} })
	roll(&crooked, fairness.Size, func(int) craps.Dice { return craps.Dice{First: loaded(), Second: loaded()} })
	if honest.ChiSquare() > beyond || crooked.ChiSquare() < beyond {
		t.Errorf("chi-square of fair dice = %v, of loaded dice = %v", honest.ChiSquare(), crooked.ChiSquare())
	}
}
