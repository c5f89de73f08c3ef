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

// Conduct is how a validator behaved as far as this process saw.
type Conduct struct {
	Validator string
	// BeaconShares are heights whose beacon could be made of a share of it.
	BeaconShares int64
	// MissedPrecommits are blocks whose commit it is missing from.
	MissedPrecommits int64
	// InvalidShares, InvalidProposals and Equivocations are heights at which it sent or signed such a thing.
	InvalidShares, InvalidProposals, Equivocations int64
	// Absence is the part of the latest blocks, up to absenceWindow, whose commit it is missing from.
	Absence float64
}

const (
	// absenceWindow is how many blocks say whether a validator is absent.
	absenceWindow = 100
	// absenceLimit is how many of them it must miss. A block needs two thirds of the precommits and does not wait for the
	// others, so the slowest of healthy validators misses some too.
	absenceLimit = 90
)

// suspect is a validator with its conduct.
type validatorConduct struct {
	Conduct
	key      crypto.PubKey
	missed   [absenceWindow]bool
	seen     int
	absent   bool
	isMember bool // It is one of the newest group's.
}

// docket keeps what validators do against the protocol. It decides nothing: whom the chain expels is package order's to say.
type evidenceLog struct {
	logger     *slog.Logger
	store      *store
	signatures *signatureCache

	mu         sync.Mutex
	validators map[string]*validatorConduct // By address.
	height     int64
	time       time.Time
}

func newEvidenceLog(logger *slog.Logger, s *store, w *signatureCache) *evidenceLog {
	return &evidenceLog{logger: logger, store: s, signatures: w, validators: make(map[string]*validatorConduct)}
}

// meet makes the validators of a group known. Those that left stay so: evidence may come later than their last vote.
func (d *evidenceLog) setGroup(group *order.Group) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.validators {
		s.isMember = false
	}
	members := group.Members
	for _, sharing := range group.Sharings {
		members = append(members[:len(members):len(members)], sharing.Members...)
	}
	for _, m := range members {
		address := m.Address()
		if _, ok := d.validators[string(address[:])]; !ok {
			d.validators[string(address[:])] = &validatorConduct{Conduct: Conduct{Validator: m.Name}, key: ed25519.PubKey(m.PublicKey[:])}
		}
	}
	for _, m := range group.Members {
		address := m.Address()
		d.validators[string(address[:])].isMember = true
	}
}

// conduct returns every validator's, by its name. One that was removed and came again with other keys goes on under it, and
// who has no vote is not absent.
func (d *evidenceLog) conduct() []Conduct {
	d.mu.Lock()
	defer d.mu.Unlock()
	byName := make(map[string]Conduct)
	for _, s := range d.validators {
		c := byName[s.Validator]
		c.Validator = s.Validator
		c.BeaconShares += s.BeaconShares
		c.MissedPrecommits += s.MissedPrecommits
		c.InvalidShares += s.InvalidShares
		c.InvalidProposals += s.InvalidProposals
		c.Equivocations += s.Equivocations
		if s.isMember {
			c.Absence = s.Absence
		}
		byName[s.Validator] = c
	}
	return slices.Collect(maps.Values(byName))
}

// charge is what is said against a validator.
type finding struct {
	kind     consensusv1.EvidenceKind
	standing consensusv1.EvidenceStanding
	height   int64
	reason   string
	proof    []*consensusv1.SignedMessage
}

// add keeps a charge and reports whether it is a new one. Evidence is for people; where it can't be stored, consensus
// goes on. d.mu must be held.
func (d *evidenceLog) add(s *validatorConduct, c finding) bool {
	e := &consensusv1.Evidence{
		Kind: c.kind, Standing: c.standing, Validator: s.Validator, Address: hex.EncodeToString(s.key.Address()),
		PublicKey: hex.EncodeToString(s.key.Bytes()), Height: c.height, RecordedHeight: d.height,
		Reason: c.reason, Proof: c.proof,
	}
	if !d.time.IsZero() {
		e.RecordedTime = timestamppb.New(d.time)
	}
	added, err := d.store.addEvidence(e)
	if err != nil {
		d.logger.Error("evidence can't be stored", "validator", s.Validator, "kind", c.kind, "height", c.height, "error", err)
	}
	if added {
		d.logger.Warn("a validator broke the protocol", "by", s.Validator, "kind", c.kind, "height", c.height, "reason", c.reason)
	}
	return added
}

// signed is a proof of one message.
func signedMessage(kind string, signBytes, signature []byte) []*consensusv1.SignedMessage {
	return []*consensusv1.SignedMessage{{Type: kind, SignBytes: hex.EncodeToString(signBytes), Signature: hex.EncodeToString(signature)}}
}

// invalidShare records an extension that was refused, where its signature says whose it is: CometBFT has not compared the address that
// it gives us with the key, so anybody could have another one's there. Whoever knows the sharing can check it.
func (d *evidenceLog) recordInvalidShare(address []byte, height int64, extension []byte, cause error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.validators[string(address)]
	if !ok {
		return
	}
	signBytes, signature := d.signatures.extension(s.key, height, extension)
	if signature != nil && d.add(s, finding{kind: consensusv1.EvidenceKind_EVIDENCE_KIND_INVALID_SHARE, standing: consensusv1.EvidenceStanding_EVIDENCE_STANDING_PROVEN,
		height: height, reason: cause.Error(), proof: signedMessage("extension", signBytes, signature)}) {
		s.InvalidShares++
	}
}

// invalidProposal records a block that was refused, where its signature says whose it is: a block names whom it likes as its proposer.
// That it was refused for good, only who has the block can say.
func (d *evidenceLog) recordInvalidProposal(address []byte, height int64, block []byte, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.validators[string(address)]
	if !ok {
		return
	}
	signBytes, signature := d.signatures.proposal(s.key, height, block)
	if signature != nil && d.add(s, finding{kind: consensusv1.EvidenceKind_EVIDENCE_KIND_INVALID_PROPOSAL, standing: consensusv1.EvidenceStanding_EVIDENCE_STANDING_OBSERVED,
		height: height, reason: reason, proof: signedMessage("proposal", signBytes, signature)}) {
		s.InvalidProposals++
	}
}

// share counts a share that came with the precommits of a block.
func (d *evidenceLog) countShare(address []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s, ok := d.validators[string(address)]; ok {
		s.BeaconShares++
	}
}

// decided records what a final block says of the one before it: who is missing from its commit.
func (d *evidenceLog) recordCommit(height int64, at time.Time, votes []abci.VoteInfo) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.height, d.time = height, at
	for _, vote := range votes {
		if s, ok := d.validators[string(vote.Validator.Address)]; ok {
			d.countPrecommit(s, height-1, vote.BlockIdFlag != cmtproto.BlockIDFlagCommit)
		}
	}
}

func (d *evidenceLog) countPrecommit(s *validatorConduct, height int64, missed bool) {
	s.missed[s.seen%absenceWindow] = missed
	s.seen++
	if missed {
		s.MissedPrecommits++
	}
	missing := 0
	for _, m := range s.missed {
		if m {
			missing++
		}
	}
	s.Absence = float64(missing) / float64(min(s.seen, absenceWindow))
	if missing < absenceLimit {
		s.absent = false
		return
	}
	if !s.absent { // Once for each absence, however long.
		s.absent = true
		d.add(s, finding{kind: consensusv1.EvidenceKind_EVIDENCE_KIND_ABSENCE, standing: consensusv1.EvidenceStanding_EVIDENCE_STANDING_OBSERVED,
			height: height, reason: fmt.Sprintf("its precommit is missing from %d of %d blocks", missing, absenceWindow)})
	}
}

// equivocations records the duplicate votes that a block holds. CometBFT has checked them.
func (d *evidenceLog) recordEquivocations(block *types.Block) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range block.Evidence.Evidence {
		double, ok := e.(*types.DuplicateVoteEvidence)
		if !ok {
			continue // Light clients' evidence; nothing here takes any in.
		}
		s, ok := d.validators[string(double.VoteA.ValidatorAddress)]
		if ok && d.add(s, finding{kind: consensusv1.EvidenceKind_EVIDENCE_KIND_EQUIVOCATION, standing: consensusv1.EvidenceStanding_EVIDENCE_STANDING_PROVEN,
			height: double.Height(), reason: fmt.Sprintf("it signed two %ss at height %d, round %d", voteType(double.VoteA), double.Height(), double.VoteA.Round),
			proof: append(d.signedVote(double.VoteA), d.signedVote(double.VoteB)...)}) {
			s.Equivocations++
		}
	}
}

func (d *evidenceLog) signedVote(vote *types.Vote) []*consensusv1.SignedMessage {
	return signedMessage(voteType(vote), types.VoteSignBytes(d.signatures.chainID, vote.ToProto()), vote.Signature)
}

func voteType(vote *types.Vote) string {
	if vote.Type == cmtproto.PrevoteType {
		return "prevote"
	}
	return "precommit"
}
