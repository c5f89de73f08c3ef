package consensus

import (
	"context"
	"encoding/base64"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/errs"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

const (
	defaultPageSize = 20
	maxPageSize     = 100
)

// ListEvidence implements the contract.
func (s *roundsServer) ListEvidence(_ context.Context, req *consensusv1.ListEvidenceRequest) (*consensusv1.ListEvidenceResponse, error) {
	size := min(int(req.GetPageSize()), maxPageSize)
	if size <= 0 {
		size = defaultPageSize
	}
	behind, err := evidenceKey(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	all, err := s.node.ListEvidence(behind, size+1)
	if err != nil {
		return nil, err
	}
	resp := &consensusv1.ListEvidenceResponse{}
	if len(all) > size { // The one too many says that there is a next page.
		all = all[:size]
		resp.NextPageToken = base64.RawURLEncoding.EncodeToString(all[size-1].Key)
	}
	for _, e := range all {
		resp.Evidence = append(resp.Evidence, e.Evidence)
	}
	return resp, nil
}

// evidenceKey reads a page token; nil leads to the first page.
func evidenceKey(token string) ([]byte, error) {
	if token == "" {
		return nil, nil
	}
	key, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || !chain.IsEvidenceKey(key) {
		return nil, errs.New(errorsv1.Reason_REASON_PAGE_TOKEN_INVALID, "the page token belongs to another list; start again without it").
			Field("page_token", "must come from the same list")
	}
	return key, nil
}

// conductMetrics are how each validator behaves, as this one sees it.
type conductMetrics struct{ node *chain.Node }

var (
	missedPrecommits = conductMetric("missed_precommits_total", "Blocks whose commit the validator's precommit is missing from, late ones included.")
	invalidShares    = conductMetric("invalid_shares_total", "Heights at which the validator sent a share that was refused.")
	invalidProposals = conductMetric("invalid_proposals_total", "Heights at which the validator proposed a block that was refused.")
	equivocations    = conductMetric("equivocations_total", "Heights at which the validator provably signed twice.")
	absenceRatio     = conductMetric("absence_ratio", "The part of the latest 100 blocks whose commit the validator's precommit is missing from.")
)

func conductMetric(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("bitcraps_consensus_"+name, help, []string{"validator"}, nil)
}

// Describe implements prometheus.Collector.
func (m conductMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{missedPrecommits, invalidShares, invalidProposals, equivocations, absenceRatio} {
		ch <- desc
	}
}

// Collect implements prometheus.Collector.
func (m conductMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.node.Conduct() {
		for desc, n := range map[*prometheus.Desc]int64{missedPrecommits: c.MissedPrecommits, invalidShares: c.InvalidShares,
			invalidProposals: c.InvalidProposals, equivocations: c.Equivocations} {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), c.Validator)
		}
		ch <- prometheus.MustNewConstMetric(absenceRatio, prometheus.GaugeValue, c.Absence, c.Validator)
	}
}
