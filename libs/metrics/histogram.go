package metrics

import (
	"math"
	"slices"
)

// Histogram is the sum of histograms with the same bounds.
type Histogram struct {
	Count  uint64
	Sum    float64
	Bounds []float64 // Upper bounds; the last bucket has none.
	Counts []uint64  // Cumulative, up to each bound.
}

// Histogram adds up the histograms with the name and the labels. Those whose bounds differ from the first one's are left out.
func (f Families) Histogram(name string, want Labels) (h Histogram) {
	for _, m := range f[name].GetMetric() {
		if !labelsOf(m).have(want) {
			continue
		}
		var bounds []float64
		var counts []uint64
		for _, bucket := range m.GetHistogram().GetBucket() {
			if !math.IsInf(bucket.GetUpperBound(), 1) {
				bounds, counts = append(bounds, bucket.GetUpperBound()), append(counts, bucket.GetCumulativeCount())
			}
		}
		h = h.Plus(Histogram{m.GetHistogram().GetSampleCount(), m.GetHistogram().GetSampleSum(), bounds, counts})
	}
	return h
}

// Plus adds a histogram, unless its bounds differ.
func (h Histogram) Plus(other Histogram) Histogram {
	if h.Bounds == nil {
		return other
	}
	if !slices.Equal(h.Bounds, other.Bounds) {
		return h
	}
	sum := Histogram{h.Count + other.Count, h.Sum + other.Sum, h.Bounds, slices.Clone(h.Counts)}
	for i, n := range other.Counts {
		sum.Counts[i] += n
	}
	return sum
}

// Since returns what was observed after an earlier reading. If the earlier one counted more, the process has restarted since, and
// everything was observed after it.
func (h Histogram) Since(earlier Histogram) Histogram {
	if earlier.Count > h.Count || !slices.Equal(earlier.Bounds, h.Bounds) {
		return h
	}
	delta := Histogram{Count: h.Count - earlier.Count, Sum: h.Sum - earlier.Sum, Bounds: h.Bounds, Counts: make([]uint64, len(h.Counts))}
	for i, n := range h.Counts {
		delta.Counts[i] = n - min(n, earlier.Counts[i])
	}
	return delta
}

// Mean returns the mean, or 0 if nothing was observed.
func (h Histogram) Mean() float64 {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / float64(h.Count)
}

// Quantile estimates a quantile as Prometheus does: it interpolates linearly within a bucket and never exceeds the last bound. It is 0
// if nothing was observed.
func (h Histogram) Quantile(q float64) float64 {
	if h.Count == 0 || len(h.Bounds) == 0 {
		return 0
	}
	rank, below, lower := q*float64(h.Count), 0.0, 0.0
	for i, bound := range h.Bounds {
		upTo := float64(h.Counts[i])
		if upTo >= rank && upTo > below {
			return lower + (bound-lower)*(rank-below)/(upTo-below)
		}
		below, lower = upTo, bound
	}
	return h.Bounds[len(h.Bounds)-1]
}
