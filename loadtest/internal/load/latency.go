package load

import (
	"fmt"
	"slices"
	"time"
)

// Latency is the distribution of calls' latencies in milliseconds.
type Latency struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean_ms"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// LatencyOf sorts latencies and returns their distribution.
func LatencyOf(took []time.Duration) Latency {
	if len(took) == 0 {
		return Latency{}
	}
	slices.Sort(took)
	var sum time.Duration
	for _, d := range took {
		sum += d
	}
	at := func(share float64) float64 { return Milliseconds(took[int(share*float64(len(took)-1))]) }
	return Latency{Count: len(took), Mean: Milliseconds(sum / time.Duration(len(took))), P50: at(.5), P95: at(.95), P99: at(.99), Max: at(1)}
}

// String formats the distribution in one line.
func (l Latency) String() string {
	return fmt.Sprintf("p50 %.1f ms  p95 %.1f ms  p99 %.1f ms  max %.1f ms  (%d calls)", l.P50, l.P95, l.P99, l.Max, l.Count)
}

// Milliseconds converts a duration to the unit of reports.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
