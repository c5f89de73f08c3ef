package consensus_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/protocol"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// until polls the status until it meets a condition.
func until(t *testing.T, client consensusv1.ConsensusServiceClient, what string, fits func(*consensusv1.GetStatusResponse) bool) *consensusv1.GetStatusResponse {
	t.Helper()
	tick, late := time.NewTicker(10*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for {
		status, err := client.GetStatus(t.Context(), &consensusv1.GetStatusRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if fits(status) {
			return status
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s did not happen: %v", what, status)
		}
	}
}

// TestTheOperatorChangesTheValidators removes one of four validators, and adds one that never starts.
func TestTheOperatorChangesTheValidators(t *testing.T) {
	net := startNetwork(t, 4)
	client, operator := net.client(identity.Game), net.client(identity.Operator)
	if _, err := decide(t, client, protocol.Commitment{Round: 1}); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(net.dir, "operator_key")
	terms, err := operator.GetChangeTerms(t.Context(), &consensusv1.GetChangeTermsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	status, err := operator.GetStatus(t.Context(), &consensusv1.GetStatusRequest{})
	if err != nil {
		t.Fatal(err)
	}
	removal, err := consensus.SignRemoval(key, status.GetValidators()[3].GetAddress(), terms)
	if err != nil {
		t.Fatal(err)
	}

	forged := &consensusv1.RemoveValidatorRequest{Address: status.GetValidators()[2].GetAddress(), Sequence: removal.GetSequence(), Signature: removal.GetSignature()}
	if _, err := operator.RemoveValidator(t.Context(), forged); errs.Reason(err) != errorsv1.Reason_REASON_CHANGE_NOT_SIGNED {
		t.Errorf("a change that was signed for another validator: %v", err)
	}
	if _, err := client.RemoveValidator(t.Context(), removal); errs.Reason(err) != errorsv1.Reason_REASON_CALLER_NOT_ALLOWED {
		t.Errorf("the game changes the validators: %v", err)
	}
	for range 2 { // The second time the change is already ordered.
		if _, err := operator.RemoveValidator(t.Context(), removal); err != nil {
			t.Fatal(err)
		}
	}
	status = until(t, client, "the removal", func(s *consensusv1.GetStatusResponse) bool { return s.GetN() == 3 })
	if status.GetF() != 0 || status.GetQuorum() != 3 || status.GetEpoch() != 2 || len(status.GetPending()) != 0 {
		t.Errorf("status = %v", status)
	}

	genesis, err := os.ReadFile(filepath.Join(consensus.Home(net.dir, 0), "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(net.dir, "newcomer")
	if err := consensus.NewHome(home, "newcomer", genesis); err != nil {
		t.Fatal(err)
	}
	card, err := os.ReadFile(filepath.Join(home, "validator.json"))
	if err != nil {
		t.Fatal(err)
	}
	stale, err := consensus.SignAddition(key, card, terms)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := operator.AddValidator(t.Context(), stale); errs.Reason(err) != errorsv1.Reason_REASON_CHANGE_NOT_SIGNED {
		t.Errorf("a change that was signed for an earlier sequence number: %v", err)
	}
	if terms, err = operator.GetChangeTerms(t.Context(), &consensusv1.GetChangeTermsRequest{}); err != nil {
		t.Fatal(err)
	}
	addition, err := consensus.SignAddition(key, card, terms)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := operator.AddValidator(t.Context(), addition); err != nil {
		t.Fatal(err)
	}
	status = until(t, client, "the addition", func(s *consensusv1.GetStatusResponse) bool { return s.GetN() == 4 || len(s.GetPending()) > 0 })
	if status.GetN() == 3 && (!slices.Equal(status.GetPending(), []string{"add newcomer"}) || status.GetCeremony() == "") {
		t.Errorf("status = %v", status)
	}
	status = until(t, client, "the addition", func(s *consensusv1.GetStatusResponse) bool { return s.GetN() == 4 })
	if !slices.Contains(status.GetMissing(), "newcomer") {
		t.Errorf("missing are %v", status.GetMissing())
	}
	addition.Sequence, addition.Signature = addition.GetSequence()+1, strings.Repeat("0", 128)
	if _, err := operator.AddValidator(t.Context(), addition); errs.Reason(err) != errorsv1.Reason_REASON_CHANGE_NOT_SIGNED {
		t.Errorf("an unsigned change: %v", err)
	}
	if _, err := decide(t, client, protocol.Commitment{Round: 2}); err != nil {
		t.Error(err)
	}
}

func TestTheOperatorRefreshesShares(t *testing.T) {
	net := startNetwork(t, 1)
	client, operator := net.client(identity.Game), net.client(identity.Operator)
	if _, err := decide(t, client, protocol.Commitment{Round: 1}); err != nil {
		t.Fatal(err)
	}
	before, err := operator.GetFairness(t.Context(), &consensusv1.GetFairnessRequest{})
	if err != nil {
		t.Fatal(err)
	}
	terms, err := operator.GetChangeTerms(t.Context(), &consensusv1.GetChangeTermsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	refresh, err := consensus.SignRefresh(filepath.Join(net.dir, "operator_key"), terms)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := operator.RefreshShares(t.Context(), refresh); err != nil {
		t.Fatal(err)
	}
	until(t, client, "the next epoch", func(s *consensusv1.GetStatusResponse) bool { return s.GetEpoch() == 2 && s.GetCeremony() == "" })
	after, err := operator.GetFairness(t.Context(), &consensusv1.GetFairnessRequest{})
	if err != nil || after.GetGroupKey() != before.GetGroupKey() {
		t.Errorf("the key changed from %s to %s, %v", before.GetGroupKey(), after.GetGroupKey(), err)
	}
	if _, err := decide(t, client, protocol.Commitment{Round: 2}); err != nil {
		t.Error(err)
	}
}
