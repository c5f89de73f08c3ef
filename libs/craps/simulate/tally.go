package simulate

import (
	"math"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// Tally counts the results of a simulation's bets. Amounts are whole tokens, of decided bets only.
type Tally struct {
	Rolls int64
	// Placed is how many bets were placed; the last one may still be live.
	Placed int64
	// Wins counts the wins of each line of the pay table.
	Wins           []int64
	Losses, Pushes int64
	// Staked and Commission are what the bets cost.
	Staked, Commission int64
	// Returned is what the bets paid back, stakes and profits.
	Returned int64

	// Sums over the bets for the standard error of the edge: squares and products of what the house kept and of the cost.
	keptKept, keptCost, costCost int64
}

func (t *Tally) add(s *seat, result craps.Result) {
	returned := int64(0)
	switch result.Outcome {
	case craps.Win:
		t.Wins[result.Line]++
		returned = s.stake + s.wager.Profit(result.Line, s.stake)
	case craps.Push:
		t.Pushes++
		returned = s.stake
	default:
		t.Losses++
	}
	t.Staked += s.stake
	t.Commission += s.commission
	t.Returned += returned
	cost := s.stake + s.commission
	kept := cost - returned
	t.keptKept += kept * kept
	t.keptCost += kept * cost
	t.costCost += cost * cost
}

// Won returns how many bets won, on any line.
func (t Tally) Won() int64 {
	won := int64(0)
	for _, wins := range t.Wins {
		won += wins
	}
	return won
}

// Decided returns how many bets were decided.
func (t Tally) Decided() int64 { return t.Won() + t.Losses + t.Pushes }

// Cost returns what the decided bets cost, stakes and commission.
func (t Tally) Cost() int64 { return t.Staked + t.Commission }

// Edge returns the share of the cost that the house kept. It is NaN if no bet was decided.
func (t Tally) Edge() float64 { return float64(t.Cost()-t.Returned) / float64(t.Cost()) }

// Error returns the standard error of Edge. For each of the n decided bets, let k be what the house kept of it and c its cost.
// Edge is the ratio e = sum k / sum c, and to first order its variance is that of the residuals k - e c:
//
//	error = sqrt(n / (n-1) * sum (k - e c)^2) / sum c
//
// (Cochran, Sampling Techniques, chapter 6: ratio estimators). Most wagers cost the same each time; there it is the
// standard deviation of the mean of k, divided by c. The interval e - 1.96 error to e + 1.96 error contains the true edge
// with a confidence of 95 %, once there are enough wins for the mean to be normally distributed.
func (t Tally) Error() float64 {
	n, e := float64(t.Decided()), t.Edge()
	if n < 2 {
		return math.NaN()
	}
	residuals := float64(t.keptKept) - 2*e*float64(t.keptCost) + e*e*float64(t.costCost)
	return math.Sqrt(n/(n-1)*max(residuals, 0)) / float64(t.Cost())
}

// Confidence95 is half the width of a 95 % confidence interval, in standard errors.
const Confidence95 = 1.96
