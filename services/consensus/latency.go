package consensus

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// latency measures how long rounds take from the first call for their dice, however often the call is repeated: a call gives up after
// chain.decide_timeout, and the round waits for the next call.
type latency struct {
	prometheus.Histogram
	asked *lru.Cache[order.Round, time.Time]
}

func newLatency() *latency {
	asked, err := lru.New[order.Round, time.Time](chain.MaxWaiting) // As many rounds as can wait to be decided.
	if err != nil {
		panic(err) // Only a size below 1 is an error.
	}
	return &latency{asked: asked, Histogram: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "bitcraps_consensus_latency_seconds",
		Help:    "Time from the first call for a round's dice to the dice.",
		Buckets: []float64{.01, .025, .05, .075, .1, .15, .25, .5, 1, 2.5, 5, 10, 30, 60},
	})}
}

// begin records that a round's dice are requested.
func (l *latency) begin(round order.Round, now time.Time) { l.asked.ContainsOrAdd(round, now) }

// end observes the latency of a decided round, once.
func (l *latency) end(round order.Round, now time.Time) {
	if since, ok := l.asked.Peek(round); ok && l.asked.Remove(round) {
		l.Observe(now.Sub(since).Seconds())
	}
}
