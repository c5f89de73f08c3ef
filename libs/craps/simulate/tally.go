package simulate

import (
	"math"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// Tally counts what happened to the bets of a simulation. Money is whole tokens, and only of bets that were decided.
type Tally struct {
	Rolls int64
	// Placed is how many bets were placed; the last one may still be live.
	Placed int64
	// Wins counts wins for each line of the pay table.
	Wins           []int64
	Losses, Pushes int64
	// Staked and Commission are what the bets cost.
	Staked, Commission int64
	// Returned is what came back, stakes and profits.
	Returned int64

	// Sums over the bets of what the error of the edge needs: squares and products of what the house kept and of the cost.
	keptKept, keptCost, costCost int64
}

func (t *Tally) add(s *seat, result craps.Result) {
	back := int64(0)
	switch result.Outcome {
	case craps.Win:
		t.Wins[result.Line]++
		back = s.stake + s.wager.Profit(result.Line, s.stake)
	case craps.Push:
		t.Pushes++
		back = s.stake
	default:
		t.Losses++
	}
	t.Staked += s.stake
	t.Commission += s.price
	t.Returned += back
	cost := s.stake + s.price
	kept := cost - back
	t.keptKept += kept * kept
	t.keptCost += kept * cost
	t.costCost += cost * cost
}

// Won is how many bets won, on any line.
func (t Tally) Won() int64 {
	won := int64(0)
	for _, wins := range t.Wins {
		won += wins
	}
	return won
}

// Decided is how many bets came to their end.
func (t Tally) Decided() int64 { return t.Won() + t.Losses + t.Pushes }

// Cost is what the decided bets cost, stakes and commission.
func (t Tally) Cost() int64 { return t.Staked + t.Commission }

// Edge is the share of the cost that the house kept. It is not a number where no bet was decided.
func (t Tally) Edge() float64 { return float64(t.Cost()-t.Returned) / float64(t.Cost()) }

// Error is the standard error of Edge. For each of the n decided bets, let k be what the house kept of it and c its cost.
// Edge is the ratio e = sum k / sum c, and to first order its variance is that of the residuals k - e c:
//
//	error = sqrt(n / (n-1) * sum (k - e c)^2) / sum c
//
// (Cochran, Sampling Techniques, chapter 6: ratio estimators). Most wagers cost the same each time; there it is the
// standard deviation of the mean of k, divided by c. The interval e - 1.96 error to e + 1.96 error holds the true edge
// with a confidence of 95 %, once wins are many enough for their mean to be normal.
func (t Tally) Error() float64 {
	n, e := float64(t.Decided()), t.Edge()
	if n < 2 {
		return math.NaN()
	}
	residuals := float64(t.keptKept) - 2*e*float64(t.keptCost) + e*e*float64(t.costCost)
	return math.Sqrt(n/(n-1)*max(residuals, 0)) / float64(t.Cost())
}

// Confidence95 is how many standard errors lie on either side of a measurement in its 95 % confidence interval.
const Confidence95 = 1.96
