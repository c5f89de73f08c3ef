package perfreport

import (
	"math"
	"slices"

	"github.com/prometheus/common/model"
)

// slow is the mean from which on latency is high, in seconds.
const slow = 0.5

// numbers are a series' values. It has none where nobody asked for anything.
func numbers(series *model.SampleStream) (values []float64) {
	for _, point := range series.Values {
		if value := float64(point.Value); !math.IsNaN(value) {
			values = append(values, value)
		}
	}
	return values
}

// mean is 0 of nothing.
func mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	total := 0.0
	for _, value := range values {
		total += value
	}
	return total / float64(len(values))
}

// quantile is the percentile that Python's statistics.quantiles gives, by its exclusive method: the samples are some of all
// that there were, so that the largest may have been larger.
func quantile(values []float64, percent int) float64 {
	if len(values) < 2 {
		return mean(values)
	}
	sorted, n := slices.Sorted(slices.Values(values)), len(values)
	at := min(max(percent*(n+1)/100, 1), n-1)
	rest := float64(percent*(n+1) - at*100)
	return (sorted[at-1]*(100-rest) + sorted[at]*rest) / 100
}
