package consensus

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// TestLatencyCountsFromTheFirstCall has two calls give up before a third one gets the dice.
func TestLatencyCountsFromTheFirstCall(t *testing.T) {
	l, start, round := newLatency(), time.Unix(1_700_000_000, 0), order.Round{Number: 7}
	for _, after := range []time.Duration{0, 2 * time.Second, 4 * time.Second} {
		l.begin(round, start.Add(after))
	}
	l.end(round, start.Add(6*time.Second))
	l.end(round, start.Add(7*time.Second))                  // Another caller who waited for it.
	l.end(order.Round{Number: 8}, start.Add(8*time.Second)) // A round that was decided before this process was called.
	if sum, within := read(t, l.Histogram); sum != 6 || within != 0 {
		t.Errorf("rounds took %v s in all, %d of them at most 5 s", sum, within)
	}
}

// read returns the sum, and how many were within 5 s, the bound of the service level objective.
func read(t *testing.T, h prometheus.Histogram) (sum float64, within uint64) {
	t.Helper()
	var m dto.Metric
	if err := h.Write(&m); err != nil {
		t.Fatal(err)
	}
	for _, bucket := range m.GetHistogram().GetBucket() {
		if bucket.GetUpperBound() == 5 {
			return m.GetHistogram().GetSampleSum(), bucket.GetCumulativeCount()
		}
	}
	t.Fatal("the histogram has no bucket of 5 s")
	return 0, 0
}
