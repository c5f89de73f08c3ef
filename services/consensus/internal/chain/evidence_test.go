package chain_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"testing"

	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// plain keeps the network's configuration.
func plain(*chain.Config) {}

// awaitEvidence waits until validator i has evidence of a kind about another one, verifies its signatures as anyone could, and returns it.
// Rounds continue meanwhile, since evidence is in blocks.
func (n *network) awaitEvidence(i int, kind consensusv1.EvidenceKind, against string, round *uint64) *consensusv1.Evidence {
	n.t.Helper()
	for range 200 {
		all, err := n.nodes[i].ListEvidence(nil, 100)
		if err != nil {
			n.t.Fatal(err)
		}
		for _, e := range all {
			if e.GetValidator() != against {
				n.t.Fatalf("validator %d has evidence about %s: %v", i, e.GetValidator(), e.Evidence)
			}
			if e.GetKind() == kind {
				n.checkSignatures(e.Evidence)
				return e.Evidence
			}
		}
		*round++
		n.decide(i, commitment(1, *round))
	}
	n.t.Fatalf("validator %d has no evidence of %s", i, kind)
	return nil
}

func (n *network) checkSignatures(e *consensusv1.Evidence) {
	n.t.Helper()
	for _, message := range e.GetProof() {
		if !ed25519.Verify(unhex(n.t, e.GetPublicKey()), unhex(n.t, message.GetSignBytes()), unhex(n.t, message.GetSignature())) {
			n.t.Errorf("the signature of %v is not the validator's", message)
		}
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// conduct is the conduct of a validator as validator i observed it.
func (n *network) conduct(i int, of string) chain.Conduct {
	for _, c := range n.nodes[i].Conduct() {
		if c.Validator == of {
			return c
		}
	}
	n.t.Fatalf("there is no conduct of %s", of)
	return chain.Conduct{}
}

func TestAnEquivocatingValidatorIsRemoved(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2)
	net.startByzantine(chain.Misbehavior{Twice: true}, plain)
	round := uint64(0)
	for i := range 3 {
		e := net.awaitEvidence(i, consensusv1.EvidenceKind_EVIDENCE_KIND_EQUIVOCATION, chain.ValidatorName(3), &round)
		proof := e.GetProof()
		if e.GetStanding() != consensusv1.EvidenceStanding_EVIDENCE_STANDING_PROVEN || len(proof) != 2 ||
			proof[0].GetType() != proof[1].GetType() || proof[0].GetSignBytes() == proof[1].GetSignBytes() {
			t.Errorf("evidence = %v", e)
		}
		if c := net.conduct(i, chain.ValidatorName(3)); c.Equivocations == 0 {
			t.Errorf("conduct = %+v", c)
		}
		net.validators(i, 3)
	}
	// All of the others are needed now, and they suffice. One that restarts agrees.
	for range 4 {
		round++
		d := net.decide(int(round)%3, commitment(1, round))
		net.verify(net.nodes[0].Facts().GroupKey, d)
		net.agree(d)
	}
	net.stop(3)
	net.stop(0)
	net.start(0)
	if n := len(net.nodes[0].Group().Members); n != 3 {
		t.Errorf("%d validators: the removal was forgotten", n)
	}
	round++
	net.agree(net.decide(0, commitment(1, round)))
}

func TestWrongSharesAreProven(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2)
	net.startByzantine(chain.Misbehavior{Share: "wrong"}, plain)
	round := uint64(0)
	e := net.awaitEvidence(0, consensusv1.EvidenceKind_EVIDENCE_KIND_INVALID_SHARE, chain.ValidatorName(3), &round)
	if e.GetStanding() != consensusv1.EvidenceStanding_EVIDENCE_STANDING_PROVEN || len(e.GetProof()) != 1 || e.GetProof()[0].GetType() != "extension" {
		t.Errorf("evidence = %v", e)
	}
	// Its precommits are rejected, except in blocks that it proposes itself: it accepts its own.
	c := net.conduct(0, chain.ValidatorName(3))
	for ; c.MissedPrecommits == 0 && round < 50; c = net.conduct(0, chain.ValidatorName(3)) {
		round++
		net.decide(0, commitment(1, round))
	}
	if c.InvalidShares == 0 || c.MissedPrecommits == 0 {
		t.Errorf("conduct = %+v", c)
	}
	if n := len(net.nodes[0].Facts().Validators); n != 4 {
		t.Errorf("%d members; only a validator that signs twice is removed", n)
	}
}

func TestInvalidProposalsAreRecorded(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2)
	net.startByzantine(chain.Misbehavior{Propose: "garbage"}, plain)
	round := uint64(0)
	e := net.awaitEvidence(1, consensusv1.EvidenceKind_EVIDENCE_KIND_INVALID_PROPOSAL, chain.ValidatorName(3), &round)
	if e.GetStanding() != consensusv1.EvidenceStanding_EVIDENCE_STANDING_OBSERVED || len(e.GetProof()) != 1 || e.GetProof()[0].GetType() != "proposal" {
		t.Errorf("evidence = %v", e)
	}
}

func TestAValidatorThatWithholdsPrecommitsIsAbsent(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2)
	net.startByzantine(chain.Misbehavior{Silent: true}, plain)
	round := uint64(0)
	e := net.awaitEvidence(2, consensusv1.EvidenceKind_EVIDENCE_KIND_ABSENCE, chain.ValidatorName(3), &round)
	if e.GetStanding() != consensusv1.EvidenceStanding_EVIDENCE_STANDING_OBSERVED || len(e.GetProof()) != 0 {
		t.Errorf("evidence = %v", e)
	}
	if c := net.conduct(2, chain.ValidatorName(3)); c.Absence < 0.9 || c.MissedPrecommits < 90 {
		t.Errorf("conduct = %+v", c)
	}
	if c := net.conduct(2, chain.ValidatorName(1)); c.Absence > 0.5 {
		t.Errorf("an honest validator's conduct = %+v", c)
	}
}
