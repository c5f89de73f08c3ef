package receipt

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/timestamppb"

	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// precommit is the type of the vote that makes a block final.
const precommit = 2

// CheckSignatures checks that validators with more than two thirds of the block's voting power signed it. Every
// signature in the proof must be good, whether the others suffice or not; else its bytes would be bound by nothing. One
// that is left out is no fault where the others suffice: what remains is a proof as well.
//
// CometBFT verifies by ZIP-215, so that all validators agree on every signature, however odd. The standard library
// accepts a subset of that: it refuses a point R in another than its canonical encoding, and a signature that holds only
// up to a factor of small order. Honest validators make neither, provers leave out the others, and a check that is
// stricter than the chain's accepts nothing that the chain did not.
func CheckSignatures(chainID string, block Block) error {
	commit := block.GetCommit()
	b, err := newBallot(chainID, block.GetHeader(), commit)
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

// VoteSignBytes are what a validator signs to precommit the block of a header at a time: CometBFT's canonical vote behind its
// length. Of the commit it takes the round and the parts.
func VoteSignBytes(chainID string, h *receiptv1.Header, c *receiptv1.Commit, at *timestamppb.Timestamp) ([]byte, error) {
	b, err := newBallot(chainID, h, c)
	if err != nil {
		return nil, err
	}
	return b.bytes("time", at)
}

// ballot is what all precommits for a block have in common.
type ballot struct {
	chainID       string
	height, round int64
	block         message
}

func newBallot(chainID string, h *receiptv1.Header, c *receiptv1.Commit) (ballot, error) {
	hash, err := BlockHash(chainID, h)
	if err != nil {
		return ballot{}, err
	}
	if c.GetRound() < 0 {
		return ballot{}, errors.New("commit.round: must not be negative")
	}
	parts, err := partSet("commit.parts", c.GetPartsTotal(), c.GetPartsHash())
	if err != nil {
		return ballot{}, err
	}
	return ballot{chainID: chainID, height: h.GetHeight(), round: int64(c.GetRound()), block: blockID(hash, parts)}, nil
}

func (b ballot) bytes(field string, at *timestamppb.Timestamp) ([]byte, error) {
	when, err := timestamp(field, at)
	if err != nil {
		return nil, err
	}
	vote := message{}.integer(1, precommit).fixed(2, b.height).fixed(3, b.round).embed(4, b.block).embed(5, when).bytes(6, []byte(b.chainID))
	return protowire.AppendBytes(nil, vote), nil
}

func (b ballot) check(field string, s *receiptv1.CommitSignature, key ed25519.PublicKey) error {
	signature, err := parseHex(field+".signature", s.GetSignature(), ed25519.SignatureSize)
	if err != nil {
		return err
	}
	text, err := b.bytes(field+".time", s.GetTime())
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, text, signature) {
		return fmt.Errorf("%s: is not validator %d's over this block", field, s.GetValidator())
	}
	return nil
}
