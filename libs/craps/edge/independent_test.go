package edge_test

import (
	"math"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/edge"
)

// Here the side bets are computed again without states, rolls or the rules of package craps. Let rolls arrive as a Poisson process with a
// rate of 36. Then each outcome of the dice arrives as a Poisson process with a rate of 1, and these processes are independent: the
// probability of what has arrived by a time is a product over totals or pairs. The expected return of a side bet is that product at the
// time of the 7, averaged over this time (Ross, Introduction to Probability Models, chapter 5).

// ways returns how many of the 36 outcomes have a total.
func ways(total int) float64 { return 6 - math.Abs(float64(total-7)) }

// average returns the mean of f at the first arrival of a process with a rate: the integral of f(-log u / rate) over u from 0 to 1, by
// Simpson's rule over u = v^4, which is smooth enough at 0.
func average(rate float64, f func(t float64) float64) float64 {
	const steps = 20_000
	sum := 0.0
	for i := range steps + 1 {
		v := float64(i) / steps
		weight := []float64{2, 4}[i%2]
		if i == 0 || i == steps {
			weight = 1
		}
		if i > 0 { // At 0 the factor 4 v^3 is zero.
			sum += weight * 4 * v * v * v * f(-4*math.Log(v)/rate)
		}
	}
	return sum / (3 * steps)
}

// poisson returns the probability that fewer than n events have arrived by the time t.
func poisson(n int, rate, t float64) float64 {
	sum, term := 0.0, math.Exp(-rate*t)
	for i := range n {
		sum += term
		term *= rate * t / float64(i+1)
	}
	return sum
}

// counts returns the probabilities that exactly 0, 1, 2 ... of some independent events have occurred, given the probability of each.
func counts(come ...float64) []float64 {
	out := make([]float64, 1, len(come)+1)
	out[0] = 1
	for _, p := range come {
		out = append(out, 0)
		for i := len(out) - 1; i > 0; i-- {
			out[i] = out[i]*(1-p) + out[i-1]*p
		}
		out[0] *= 1 - p
	}
	return out
}

// collected returns the expected return of a bet that is paid by how many of some sets of outcomes are complete at the first arrival of
// the event that ends it.
func collected(end float64, chances func(t float64) []float64, least int, pays ...float64) float64 {
	return average(end, func(t float64) float64 {
		sum := 0.0
		for i, p := range counts(chances(t)...)[least:] {
			sum += p * (pays[i] + 1)
		}
		return sum
	})
}

// come returns the probability that an event with a rate has arrived by a time.
func come(rate, t float64) float64 { return -math.Expm1(-rate * t) }

// all returns the expected return of a bet on totals that must all be rolled a number of times before a 7.
func all(times int, pay float64, totals ...int) float64 {
	return (pay + 1) * average(6, func(t float64) float64 {
		product := 1.0
		for _, total := range totals {
			product *= 1 - poisson(times, ways(total), t)
		}
		return product
	})
}

// decisions returns, per 36 come-out rolls, how often each point is set and then made, and how often any is set and lost.
func decisions() (made map[int]float64, lost float64) {
	made = map[int]float64{}
	for _, point := range craps.Points {
		w := ways(int(point))
		made[int(point)] = w * w / (w + 6)
		lost += w * 6 / (w + 6)
	}
	return made, lost
}

func independent() map[string]float64 {
	back := map[string]float64{
		"bonus_small": all(1, 30, 2, 3, 4, 5, 6), "bonus_tall": all(1, 30, 8, 9, 10, 11, 12), "bonus_all": all(1, 150, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12),
		"repeater_2": all(2, 39, 2), "repeater_3": all(3, 49, 3), "repeater_4": all(4, 64, 4), "repeater_5": all(5, 79, 5), "repeater_6": all(6, 89, 6),
		"repeater_8": all(6, 89, 8), "repeater_9": all(5, 79, 9), "repeater_10": all(4, 64, 10), "repeater_11": all(3, 49, 11), "repeater_12": all(2, 39, 12),
		// A come-out 7 pays 3 in all; otherwise 24 of 36 set a point, and a sixth of those pay 4.
		"muggsy": 6.0/36*3 + 24.0/36/6*4,
	}
	back["different_doubles"] = collected(6, func(t float64) []float64 {
		p := come(1, t)
		return []float64{p, p, p, p, p, p}
	}, 3, 4, 8, 15, 100)
	back["hot_roller"] = collected(6, func(t float64) []float64 {
		easy, hard := come(2, t), come(1, t)
		return []float64{easy * hard, easy * easy, easy * easy * hard, easy * easy * hard, easy * easy, easy * hard}
	}, 2, 5, 10, 20, 50, 200)
	back["twice_hard"] = 15 * average(6, func(t float64) float64 {
		return 1 - neverTwice(2, t)*neverTwice(4, t)*neverTwice(4, t)*neverTwice(2, t)
	})
	made, lost := decisions()
	back["fire"] = collected(lost, func(t float64) (chances []float64) {
		for _, rate := range made {
			chances = append(chances, come(rate, t))
		}
		return chances
	}, 4, 24, 249, 999)
	back["replay"] = average(lost, func(t float64) float64 { return replay(made, t) })
	back["ride_line"] = rideLine(made, lost)
	return back
}

// neverTwice returns the probability that a number with some easy ways has not been rolled hard twice in a row by a time. With a for "was
// not rolled hard last", and b for "was", a' = -a + easy b and b' = a - (easy + 1) b.
func neverTwice(easy, t float64) float64 {
	mean, root := -(easy+2)/2, math.Sqrt(easy*easy+4*easy)/2
	// From a = 1 and b = 0, the sum starts at 1 and does not change at first.
	return math.Exp(mean*t) * (math.Cosh(root*t) - mean/root*math.Sinh(root*t))
}

// replay returns the expected payment for the best tier at a time: from the lowest tier up, the difference that a tier adds is paid unless
// no point of this tier or a better one was made often enough.
func replay(made map[int]float64, t float64) float64 {
	tiers := []struct {
		low, high, times int
		pay              float64
	}{{6, 8, 3, 71}, {5, 9, 3, 96}, {6, 8, 4, 101}, {4, 10, 3, 121}, {5, 9, 4, 501}, {4, 10, 4, 1001}}
	sum, before := 0.0, 0.0
	for i, worst := range tiers {
		fewer := map[int]int{}
		for _, tier := range tiers[i:] {
			for _, point := range []int{tier.low, tier.high} {
				if fewer[point] == 0 || tier.times < fewer[point] {
					fewer[point] = tier.times
				}
			}
		}
		none := 1.0
		for point, times := range fewer {
			none *= poisson(times, made[point], t)
		}
		sum += (worst.pay - before) * (1 - none)
		before = worst.pay
	}
	return sum
}

// rideLine sums a geometric series: a win precedes the seven-out with the odds of their rates.
func rideLine(made map[int]float64, lost float64) float64 {
	won := 8.0
	for _, rate := range made {
		won += rate
	}
	again, sum := won/(won+lost), 0.0
	for i, pay := range []float64{1, 2, 3, 6, 10, 20, 30, 40} {
		sum += (pay + 1) * math.Pow(again, float64(i+3)) * (1 - again)
	}
	return sum + 101*math.Pow(again, 11)
}

func TestSideBetsAgreeWithAnIndependentComputation(t *testing.T) {
	computed := independent()
	for _, w := range craps.Wagers() {
		if w.Settles != craps.Side {
			continue
		}
		back, known := computed[w.Name]
		got, _ := edge.Table()[w.Code].Float64()
		if !known || math.Abs(got-(1-back)) > 1e-9 {
			t.Errorf("%s: edge %.12f, computed without the rules %.12f", w.Name, got, 1-back)
		}
	}
}
