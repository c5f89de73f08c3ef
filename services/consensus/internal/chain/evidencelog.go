package chain

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"google.golang.org/protobuf/types/known/timestamppb"

	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Conduct counts what this process observed of a validator.
type Conduct struct {
	Validator string
	// BeaconShares are heights for whose beacon this process had a share of the validator.
	BeaconShares int64
	// MissedPrecommits are blocks whose commit lacks its precommit.
	MissedPrecommits int64
	// InvalidShares, InvalidProposals and Equivocations are heights at which it sent or signed one.
	InvalidShares, InvalidProposals, Equivocations int64
	// Absence is the part of the latest absenceWindow blocks whose commit lacks its precommit. Blocks that this process has not seen count as
	// signed, so soon after a start it is too low, and never too high.
	Absence float64
}

const (
	// absenceWindow is over how many blocks absence is measured.
	absenceWindow = 100
	// absenceLimit is how many of these blocks a validator must miss to be recorded as absent. A block needs two thirds of the
	// precommits and does not wait for the others, so the slowest healthy validator misses some too.
	absenceLimit = 90
)

// validatorConduct is the conduct of one validator, by its key.
type validatorConduct struct {
	Conduct
	key      crypto.PubKey
	missed   [absenceWindow]bool
	seen     int
	absent   bool
	isMember bool // It is a member of the newest group.
}

// evidenceLog records violations of the protocol by validators. It has no consequences: package order decides whom the chain expels.
type evidenceLog struct {
	logger     *slog.Logger
	store      *store
	signatures *signatureCache

	mu         sync.Mutex
	validators map[string]*validatorConduct // By address.
	height     int64
	time       time.Time
}

func newEvidenceLog(logger *slog.Logger, s *store, signatures *signatureCache) *evidenceLog {
	return &evidenceLog{logger: logger, store: s, signatures: signatures, validators: make(map[string]*validatorConduct)}
}

// setGroup adds the validators of a group. Those that left are kept: evidence may arrive after their last vote.
func (l *evidenceLog) setGroup(group *order.Group) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.validators {
		v.isMember = false
	}
	members := group.Members
	for _, sharing := range group.Sharings {
		members = append(members[:len(members):len(members)], sharing.Members...)
	}
	for _, m := range members {
		address := m.Address()
		if _, ok := l.validators[string(address[:])]; !ok {
			l.validators[string(address[:])] = &validatorConduct{Conduct: Conduct{Validator: m.Name}, key: ed25519.PubKey(m.PublicKey[:])}
		}
	}
	for _, m := range group.Members {
		address := m.Address()
		l.validators[string(address[:])].isMember = true
	}
}

// conduct returns the conduct of every validator, summed by name: a validator that was removed and added again with new keys continues its
// counters. A validator without a vote is not counted as absent.
func (l *evidenceLog) conduct() []Conduct {
	l.mu.Lock()
	defer l.mu.Unlock()
	byName := make(map[string]Conduct)
	for _, v := range l.validators {
		c := byName[v.Validator]
		c.Validator = v.Validator
		c.BeaconShares += v.BeaconShares
		c.MissedPrecommits += v.MissedPrecommits
		c.InvalidShares += v.InvalidShares
		c.InvalidProposals += v.InvalidProposals
		c.Equivocations += v.Equivocations
		if v.isMember {
			c.Absence = v.Absence
		}
		byName[v.Validator] = c
	}
	return slices.Collect(maps.Values(byName))
}

// finding is an observed violation, from which a piece of evidence is made.
type finding struct {
	kind     consensusv1.EvidenceKind
	standing consensusv1.EvidenceStanding
	height   int64
	reason   string
	proof    []*consensusv1.SignedMessage
}

// add stores a finding and reports whether it is new. Evidence is for people: if it can't be stored, consensus continues. The lock must be
// held.
func (l *evidenceLog) add(v *validatorConduct, f finding) bool {
	e := &consensusv1.Evidence{
		Kind: f.kind, Standing: f.standing, Validator: v.Validator, Address: hex.EncodeToString(v.key.Address()),
		PublicKey: hex.EncodeToString(v.key.Bytes()), Height: f.height, RecordedHeight: l.height,
		Reason: f.reason, Proof: f.proof,
	}
	if !l.time.IsZero() {
		e.RecordedTime = timestamppb.New(l.time)
	}
	added, err := l.store.addEvidence(e)
	if err != nil {
		l.logger.Error("evidence can't be stored", "validator", v.Validator, "kind", f.kind, "height", f.height, "error", err)
	}
	if added {
		l.logger.Warn("a validator broke the protocol", "by", v.Validator, "kind", f.kind, "height", f.height, "reason", f.reason)
	}
	return added
}

// signedMessage is a proof that consists of one message.
func signedMessage(kind string, signBytes, signature []byte) []*consensusv1.SignedMessage {
	return []*consensusv1.SignedMessage{{Type: kind, SignBytes: hex.EncodeToString(signBytes), Signature: hex.EncodeToString(signature)}}
}

// recordInvalidShare records a vote extension that was rejected, if its signature proves who sent it: CometBFT has not checked the address
// that it passes here against the key, so a peer could have put in another validator's. Anyone who has the sharing can verify the proof.
func (l *evidenceLog) recordInvalidShare(address []byte, height int64, extension []byte, cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.validators[string(address)]
	if !ok {
		return
	}
	signBytes, signature := l.signatures.extension(v.key, height, extension)
	if signature != nil && l.add(v, finding{kind: consensusv1.EvidenceKind_EVIDENCE_KIND_INVALID_SHARE, standing: consensusv1.EvidenceStanding_EVIDENCE_STANDING_PROVEN,
		height: height, reason: cause.Error(), proof: signedMessage("extension", signBytes, signature)}) {
		v.InvalidShares++
	}
}

// recordInvalidProposal records a block that was rejected, if the signature of its proposal proves who proposed it: the proposer that a
// block names is not verified. Only someone who has the block can tell that it was rejected rightly.
func (l *evidenceLog) recordInvalidProposal(address []byte, height int64, block []byte, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.validators[string(address)]
	if !ok {
		return
	}
	signBytes, signature := l.signatures.proposal(v.key, height, block)
	if signature != nil && l.add(v, finding{kind: consensusv1.EvidenceKind_EVIDENCE_KIND_INVALID_PROPOSAL, standing: consensusv1.EvidenceStanding_EVIDENCE_STANDING_OBSERVED,
		height: height, reason: reason, proof: signedMessage("proposal", signBytes, signature)}) {
		v.InvalidProposals++
	}
}

// countShare counts a share that the precommits of a block contained.
func (l *evidenceLog) countShare(address []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.validators[string(address)]; ok {
		v.BeaconShares++
	}
}

// recordCommit records which validators the commit of the previous block lacks, as a final block contains it.
func (l *evidenceLog) recordCommit(height int64, at time.Time, votes []abci.VoteInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.height, l.time = height, at
	for _, vote := range votes {
		if v, ok := l.validators[string(vote.Validator.Address)]; ok {
			l.countPrecommit(v, height-1, vote.BlockIdFlag != cmtproto.BlockIDFlagCommit)
		}
	}
}

// countPrecommit updates the absence of a validator by one block.
func (l *evidenceLog) countPrecommit(v *validatorConduct, height int64, missed bool) {
	v.missed[v.seen%absenceWindow] = missed
	v.seen++
	if missed {
		v.MissedPrecommits++
	}
	missing := 0
	for _, m := range v.missed {
		if m {
			missing++
		}
	}
	v.Absence = float64(missing) / absenceWindow
	if missing < absenceLimit {
		v.absent = false
		return
	}
	if !v.absent { // Recorded once for each absence, however long it lasts.
		v.absent = true
		l.add(v, finding{kind: consensusv1.EvidenceKind_EVIDENCE_KIND_ABSENCE, standing: consensusv1.EvidenceStanding_EVIDENCE_STANDING_OBSERVED,
			height: height, reason: fmt.Sprintf("its precommit is missing from %d of %d blocks", missing, absenceWindow)})
	}
}

// recordEquivocations records the duplicate votes that a block contains. CometBFT has verified them.
func (l *evidenceLog) recordEquivocations(block *types.Block) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range block.Evidence.Evidence {
		double, ok := e.(*types.DuplicateVoteEvidence)
		if !ok {
			continue // Light client attack evidence; nothing submits any here.
		}
		v, ok := l.validators[string(double.VoteA.ValidatorAddress)]
		if ok && l.add(v, finding{kind: consensusv1.EvidenceKind_EVIDENCE_KIND_EQUIVOCATION, standing: consensusv1.EvidenceStanding_EVIDENCE_STANDING_PROVEN,
			height: double.Height(), reason: fmt.Sprintf("it signed two %ss at height %d, round %d", voteType(double.VoteA), double.Height(), double.VoteA.Round),
			proof: append(l.signedVote(double.VoteA), l.signedVote(double.VoteB)...)}) {
			v.Equivocations++
		}
	}
}

func (l *evidenceLog) signedVote(vote *types.Vote) []*consensusv1.SignedMessage {
	return signedMessage(voteType(vote), types.VoteSignBytes(l.signatures.chainID, vote.ToProto()), vote.Signature)
}

func voteType(vote *types.Vote) string {
	if vote.Type == cmtproto.PrevoteType {
		return "prevote"
	}
	return "precommit"
}
