package consensus

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/page"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// ListEvidence implements the contract.
func (s *server) ListEvidence(_ context.Context, req *consensusv1.ListEvidenceRequest) (*consensusv1.ListEvidenceResponse, error) {
	p, err := page.New(req.GetPageSize(), req.GetPageToken(), "evidence")
	if err != nil {
		return nil, err
	}
	after := []byte(p.After)
	if p.After != "" && !chain.IsEvidenceKey(after) {
		return nil, page.InvalidToken()
	}
	all, err := s.node.ListEvidence(after, p.Size+1)
	if err != nil {
		return nil, err
	}
	resp := &consensusv1.ListEvidenceResponse{}
	all, resp.NextPageToken = page.Cut(p, all, func(e chain.Evidence) string { return string(e.Key) })
	for _, e := range all {
		resp.Evidence = append(resp.Evidence, e.Evidence)
	}
	return resp, nil
}

// conductMetrics are the metrics of each validator's conduct, as this one observes it.
type conductMetrics struct{ node *chain.Node }

var (
	beaconShares     = conductMetric("beacon_shares_total", "Heights whose beacon could be made of a share of the validator's.")
	missedPrecommits = conductMetric("missed_precommits_total", "Blocks whose commit the validator's precommit is missing from, late ones included.")
	invalidShares    = conductMetric("invalid_shares_total", "Heights at which the validator sent a share that was refused.")
	invalidProposals = conductMetric("invalid_proposals_total", "Heights at which the validator proposed a block that was refused.")
	equivocations    = conductMetric("equivocations_total", "Heights at which the validator provably signed twice.")
	absenceRatio     = conductMetric("absence_ratio", "The part of the latest 100 blocks whose commit the validator's precommit is missing from. Blocks from before the process started count as signed.")
)

func conductMetric(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("bitcraps_consensus_"+name, help, []string{"validator"}, nil)
}

// Describe implements prometheus.Collector.
func (m conductMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{beaconShares, missedPrecommits, invalidShares, invalidProposals, equivocations, absenceRatio} {
		ch <- desc
	}
}

// Collect implements prometheus.Collector.
func (m conductMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.node.Conduct() {
		for desc, n := range map[*prometheus.Desc]int64{beaconShares: c.BeaconShares, missedPrecommits: c.MissedPrecommits, invalidShares: c.InvalidShares,
			invalidProposals: c.InvalidProposals, equivocations: c.Equivocations} {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), c.Validator)
		}
		ch <- prometheus.MustNewConstMetric(absenceRatio, prometheus.GaugeValue, c.Absence, c.Validator)
	}
}
