package consensus_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/protocol"
)

// TestRoundsAndSharesAreCounted has rounds decided, some of them requested twice.
func TestRoundsAndSharesAreCounted(t *testing.T) {
	const rounds = 5
	net := startNetwork(t, 4)
	game := net.client(identity.Game)
	for round := uint64(1); round <= rounds; round++ {
		for range 2 {
			if _, err := decide(t, game, protocol.Commitment{Round: round}); err != nil {
				t.Fatal(err)
			}
		}
	}
	decided, shares := uint64(0), map[string]float64{}
	for name, metrics := range families(t, net.metrics[0]) {
		for _, m := range metrics {
			switch name {
			case "bitcraps_consensus_latency_seconds":
				decided += m.GetHistogram().GetSampleCount()
			case "bitcraps_consensus_beacon_shares_total":
				shares[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	sum := 0.0
	for _, n := range shares {
		sum += n
		if n > rounds {
			t.Errorf("a validator threw %v of %d dice", n, rounds)
		}
	}
	// A block has the precommits of at least three of four.
	if decided != rounds || len(shares) != 4 || sum < 3*rounds {
		t.Errorf("%d rounds, shares %v", decided, shares)
	}
}

func families(t *testing.T, gatherer prometheus.Gatherer) map[string][]*dto.Metric {
	t.Helper()
	all, err := gatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	byName := make(map[string][]*dto.Metric, len(all))
	for _, family := range all {
		byName[family.GetName()] = family.GetMetric()
	}
	return byName
}
