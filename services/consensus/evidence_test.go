package consensus_test

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/protocol"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// TestAnAbsentValidatorIsListedAndCounted stops one of four validators and continues without it.
func TestAnAbsentValidatorIsListedAndCounted(t *testing.T) {
	net := startNetwork(t, 4)
	game, gateway := net.client(identity.Game), net.client(identity.Gateway)
	if _, err := decide(t, game, protocol.Commitment{Round: 1}); err != nil {
		t.Fatal(err)
	}
	if resp, err := gateway.ListEvidence(t.Context(), &consensusv1.ListEvidenceRequest{}); err != nil || len(resp.GetEvidence()) > 0 {
		t.Fatalf("before anything happened: %v, %v", resp, err)
	}
	net.stop[3]()
	var list *consensusv1.ListEvidenceResponse
	for round := uint64(2); len(list.GetEvidence()) == 0; round++ {
		if _, err := decide(t, game, protocol.Commitment{Round: round}); err != nil {
			t.Fatal(err)
		}
		var err error
		if list, err = gateway.ListEvidence(t.Context(), &consensusv1.ListEvidenceRequest{PageSize: 1}); err != nil || round > 100 {
			t.Fatalf("after %d rounds: %v", round, err)
		}
	}
	e := list.GetEvidence()[0]
	if e.GetKind() != consensusv1.EvidenceKind_EVIDENCE_KIND_ABSENCE || e.GetStanding() != consensusv1.EvidenceStanding_EVIDENCE_STANDING_OBSERVED ||
		e.GetValidator() != validator(3) || e.GetRecordedTime() == nil || list.GetNextPageToken() != "" {
		t.Errorf("list = %v", list)
	}
	absence := map[string]float64{}
	for _, m := range families(t, net.metrics[0])["bitcraps_consensus_absence_ratio"] {
		absence[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
	}
	if len(absence) != 4 || absence[validator(3)] < 0.9 || absence[validator(0)] > 0.5 {
		t.Errorf("absence = %v", absence)
	}
	if _, err := gateway.ListEvidence(t.Context(), &consensusv1.ListEvidenceRequest{PageToken: "x"}); errs.Reason(err) != errorsv1.Reason_REASON_PAGE_TOKEN_INVALID {
		t.Errorf("a foreign page token: %v", err)
	}
}
