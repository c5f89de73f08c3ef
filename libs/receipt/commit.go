package receipt

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/hdevalence/ed25519consensus"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/timestamppb"

	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// precommit is CometBFT's type of the votes that make a block final.
const precommit = 2

// CheckSignatures checks that validators with more than two thirds of the block's voting power signed it. Every signature in the proof
// must be valid, even if the others suffice; otherwise its bytes could be changed unnoticed. A signature may be left out if the
// others suffice: the rest is a proof as well.
//
// Signatures are verified as on the chain, see VerifyVote.
func CheckSignatures(chainID string, block Block) error {
	commit := block.GetCommit()
	b, err := newVote(chainID, block.GetHeader(), commit)
	if err != nil {
		return err
	}
	validators, err := parseSet(block.GetValidators())
	if err != nil {
		return err
	}
	next, signed := 0, int64(0)
	for i, s := range commit.GetSignatures() {
		field := fmt.Sprintf("commit.signatures[%d]", i)
		index := int(s.GetValidator())
		if index < next || index >= len(validators.members) {
			return fmt.Errorf("%s.validator: %d; they must ascend and be below %d", field, index, len(validators.members))
		}
		next = index + 1
		if err := b.check(field, s, validators.members[index].key); err != nil {
			return err
		}
		signed += validators.members[index].power
	}
	if 3*signed <= 2*validators.total {
		return fmt.Errorf("commit.signatures: validators with %d of %d votes signed; more than two thirds are needed", signed, validators.total)
	}
	return nil
}

// VoteSignBytes returns the bytes that a validator signs to precommit the block of a header at a time: CometBFT's canonical vote,
// prefixed with its length. It uses the round and the parts of the commit.
func VoteSignBytes(chainID string, h *receiptv1.Header, c *receiptv1.Commit, at *timestamppb.Timestamp) ([]byte, error) {
	b, err := newVote(chainID, h, c)
	if err != nil {
		return nil, err
	}
	return b.signBytes("time", at)
}

// VerifyVote reports whether a validator's signature is valid by CometBFT's rule, which is ZIP-215. The standard library's rule is stricter:
// it rejects signatures that are valid only up to a factor of small order. A validator could sign its votes so, and a block to which its
// vote is needed would be final and have no proof.
func VerifyVote(key ed25519.PublicKey, signed, signature []byte) bool {
	return ed25519consensus.Verify(key, signed, signature)
}

// vote has the fields that all precommits for a block have in common.
type vote struct {
	chainID       string
	height, round int64
	block         message
}

func newVote(chainID string, h *receiptv1.Header, c *receiptv1.Commit) (vote, error) {
	hash, err := BlockHash(chainID, h)
	if err != nil {
		return vote{}, err
	}
	if c.GetRound() < 0 {
		return vote{}, errors.New("commit.round: must not be negative")
	}
	parts, err := partSet("commit.parts", c.GetPartsTotal(), c.GetPartsHash())
	if err != nil {
		return vote{}, err
	}
	return vote{chainID: chainID, height: h.GetHeight(), round: int64(c.GetRound()), block: blockID(hash, parts)}, nil
}

func (v vote) signBytes(field string, at *timestamppb.Timestamp) ([]byte, error) {
	when, err := timestamp(field, at)
	if err != nil {
		return nil, err
	}
	canonical := message{}.integer(1, precommit).fixed(2, v.height).fixed(3, v.round).embed(4, v.block).embed(5, when).bytes(6, []byte(v.chainID))
	return protowire.AppendBytes(nil, canonical), nil
}

func (v vote) check(field string, s *receiptv1.CommitSignature, key ed25519.PublicKey) error {
	signature, err := parseHex(field+".signature", s.GetSignature(), ed25519.SignatureSize)
	if err != nil {
		return err
	}
	signed, err := v.signBytes(field+".time", s.GetTime())
	if err != nil {
		return err
	}
	if !VerifyVote(key, signed, signature) {
		return fmt.Errorf("%s: is not validator %d's over this block", field, s.GetValidator())
	}
	return nil
}
