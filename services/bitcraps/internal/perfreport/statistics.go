package perfreport

import (
	"math"
	"slices"

	"github.com/prometheus/common/model"
)

// highLatency is the mean above which latency is high, in seconds.
const highLatency = 0.5

// finiteValues returns a series' values without NaN, which stands for minutes without requests.
func finiteValues(series *model.SampleStream) (values []float64) {
	for _, point := range series.Values {
		if value := float64(point.Value); !math.IsNaN(value) {
			values = append(values, value)
		}
	}
	return values
}

// mean is 0 for no values.
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

// quantile computes the percentile as Python's statistics.quantiles does with its exclusive method, which treats the values as a sample
// of a population that may have larger ones.
func quantile(values []float64, percent int) float64 {
	if len(values) < 2 {
		return mean(values)
	}
	sorted, n := slices.Sorted(slices.Values(values)), len(values)
	at := min(max(percent*(n+1)/100, 1), n-1)
	rest := float64(percent*(n+1) - at*100)
	return (sorted[at-1]*(100-rest) + sorted[at]*rest) / 100
}
