// Package fairness monitors the fairness of the dice by a chi-square test of the latest rolls.
package fairness

import (
	"sync"

	"github.com/bitcraps/bitcraps/libs/craps"
)

const (
	// Size is the number of rolls that are tested: a hundred for each pair of dice.
	Size = 3600
	// minRolls is the least number of rolls: a chi-square test needs at least five expected for each pair.
	minRolls = 5 * pairs
	// pairs is the number of ordered outcomes of two dice.
	pairs = 36
)

// Window holds the latest rolls. Its zero value is empty; it is safe for concurrent use.
type Window struct {
	mu     sync.Mutex
	rolls  [Size]uint8 // Each is the index of a pair.
	seen   int
	counts [pairs]int
}

// Add adds a roll to the window, and drops the oldest one if the window is full.
func (w *Window) Add(dice craps.Dice) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := w.seen % Size
	if w.seen >= Size {
		w.counts[w.rolls[at]]--
	}
	pair := (dice.First-1)*6 + dice.Second - 1
	w.rolls[at] = pair
	w.counts[pair]++
	w.seen++
}

// Rolls returns the number of rolls in the window.
func (w *Window) Rolls() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return min(w.seen, Size)
}

// ChiSquare returns Pearson's chi-square statistic of the window against fair dice, with 35 degrees of freedom: for fair dice,
// one window in a thousand exceeds 66.6. It is 0 while there are too few rolls.
func (w *Window) ChiSquare() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(w.seen, Size)
	if n < minRolls {
		return 0
	}
	squares := 0
	for _, count := range w.counts {
		squares += count * count
	}
	return float64(pairs*squares)/float64(n) - float64(n)
}
