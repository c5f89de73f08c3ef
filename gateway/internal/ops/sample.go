package ops

import (
	"strings"
	"time"

	"github.com/bitcraps/bitcraps/libs/metrics"
)

// Path is the page's path, below which its data is. The page does not count requests to it.
const Path = "/ops"

// Names of the metrics from which samples are computed.
const (
	requestsMetric  = "bitcraps_requests_total"
	durationMetric  = "bitcraps_request_duration_seconds"
	betsMetric      = "bitcraps_bets_placed_total"
	rollsMetric     = "bitcraps_rolls_total"
	consensusMetric = "bitcraps_consensus_latency_seconds"
	watchersMetric  = "bitcraps_live_watchers"
	memoryMetric    = "process_resident_memory_bytes"
	cpuMetric       = "process_cpu_seconds_total"
)

// Sample summarizes one interval: counts are rates per second, latencies are in seconds.
type Sample struct {
	Time         int64   `json:"time"` // The interval's end, in milliseconds.
	Requests     float64 `json:"requests"`
	ClientErrors float64 `json:"client_errors"`
	ServerErrors float64 `json:"server_errors"`
	Bets         float64 `json:"bets"`
	Rolls        float64 `json:"rolls"`
	P50          float64 `json:"p50"`
	P95          float64 `json:"p95"`
	P99          float64 `json:"p99"`
	ConsensusP50 float64 `json:"consensus_p50"`
	ConsensusP95 float64 `json:"consensus_p95"`
	Watchers     float64 `json:"watchers"`
	Memory       float64 `json:"memory"` // Bytes.
	CPU          float64 `json:"cpu"`    // Percent of one processor.
	Goroutines   float64 `json:"goroutines"`
}

// sampleBetween computes a sample from two readings of the metrics.
func sampleBetween(before, after metrics.Families, from, to time.Time) Sample {
	seconds := to.Sub(from).Seconds()
	rate := func(name string) float64 {
		old, _ := before.Sum(name, nil)
		current, _ := after.Sum(name, nil)
		return max(0, current-old) / seconds // The counters of a restarted validator begin at zero.
	}
	s := Sample{Time: to.UnixMilli(), Bets: rate(betsMetric), Rolls: rate(rollsMetric), CPU: 100 * rate(cpuMetric)}
	old, current := countRequests(before), countRequests(after)
	s.Requests = (current.all - old.all) / seconds
	s.ClientErrors, s.ServerErrors = (current.client-old.client)/seconds, (current.server-old.server)/seconds
	since := func(name string, want metrics.Labels) metrics.Histogram {
		return after.Histogram(name, want).Since(before.Histogram(name, want))
	}
	rest := since(durationMetric, metrics.Labels{"service": "gateway"})
	s.P50, s.P95, s.P99 = rest.Quantile(.5), rest.Quantile(.95), rest.Quantile(.99)
	// Each replica observes the latency of the same blocks from its own side.
	consensus := since(consensusMetric, nil)
	s.ConsensusP50, s.ConsensusP95 = consensus.Quantile(.5), consensus.Quantile(.95)
	s.Watchers, _ = after.Sum(watchersMetric, nil)
	s.Memory, _ = after.Sum(memoryMetric, nil)
	s.Goroutines, _ = after.Sum("go_goroutines", nil)
	return s
}

// requestCounts are counts of REST requests by outcome.
type requestCounts struct{ all, client, server float64 }

// countRequests counts the REST requests, except those of this page.
func countRequests(f metrics.Families) (r requestCounts) {
	for labels, n := range f.Values(requestsMetric) {
		if labels["service"] != "gateway" || strings.HasPrefix(labels["endpoint"], Path) {
			continue
		}
		r.all += n
		switch labels["code"][:min(1, len(labels["code"]))] {
		case "4":
			r.client += n
		case "5":
			r.server += n
		}
	}
	return r
}
