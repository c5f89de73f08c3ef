// Package fairness judges dice by what they showed.
package fairness

import (
	"sync"

	"github.com/bitcraps/bitcraps/libs/craps"
)

const (
	// Size is how many rolls are judged: a hundred for each pair of dice.
	Size = 3600
	// minRolls is how many rolls there must be: fewer than five for each pair are no sample for a chi-square test.
	minRolls = 5 * pairs
	// pairs are what two dice can show, in the order in which they were thrown.
	pairs = 36
)

// Window is the latest rolls. Its zero value is empty; it may be used from many goroutines.
type Window struct {
	mu     sync.Mutex
	rolls  [Size]uint8 // Each is the index of a pair.
	seen   int
	counts [pairs]int
}

// Add puts a roll into the window, and the oldest one out of it where it is full.
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

// Rolls is how many are in the window.
func (w *Window) Rolls() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return min(w.seen, Size)
}

// ChiSquare is Pearson's statistic of the window against fair dice, with 35 degrees of freedom: one window in a thousand of
// fair dice is beyond 66.6. It is 0 as long as there are not enough rolls.
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
