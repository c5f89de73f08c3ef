package receipt

import (
	"errors"
	"fmt"
	"time"

	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// LightClient is a light client of a chain: it trusts the validators of one block and follows them to later blocks. Its rules are those
// of CometBFT's specification, spec/light-client/verification: the validators of the next block must be those that the trusted block
// announces, and blocks may be skipped if validators with more than a third of the trusted power signed the later block, since then
// at least one honest validator did. It has no clock, so trust in validators does not expire.
type LightClient struct {
	chainID string
	height  int64
	time    time.Time
	known   set
	next    protocol.Hash // The hash of the set of the next block.
}

// NewLightClient returns a light client that trusts the validators of genesis, which may be in any order.
func NewLightClient(chainID string, validators []*receiptv1.Validator) (LightClient, error) {
	s, err := parseSet(validators)
	if err != nil {
		return LightClient{}, err
	}
	s = s.sorted()
	return LightClient{chainID: chainID, known: s, next: s.hash()}, nil
}

// atBlock returns a light client that trusts the validators of a block, which it does not check.
func atBlock(chainID string, block Block) (LightClient, error) {
	s, err := parseSet(block.GetValidators())
	if err != nil {
		return LightClient{}, err
	}
	next, err := parseHash("header.next_validators_hash", block.GetHeader().GetNextValidatorsHash())
	if err != nil {
		return LightClient{}, err
	}
	h := block.GetHeader()
	return LightClient{chainID: chainID, height: h.GetHeight(), time: h.GetTime().AsTime(), known: s, next: next}, nil
}

// Height returns the height of the block whose validators the client trusts; 0 at genesis.
func (l LightClient) Height() int64 { return l.height }

// String returns the client's position.
func (l LightClient) String() string {
	if l.height == 0 {
		return "genesis"
	}
	return fmt.Sprintf("block %d", l.height)
}

// Follow verifies a later block, and returns a client that trusts its validators.
func (l LightClient) Follow(block Block) (LightClient, error) {
	if err := CheckValidators(block); err != nil {
		return LightClient{}, err
	}
	later, err := l.checkLink(block) // Before the signatures, which cost more.
	if err != nil {
		return LightClient{}, err
	}
	return later, CheckSignatures(l.chainID, block)
}

// checkLink checks that the block follows from the trusted one. Checking the block itself is up to the caller.
func (l LightClient) checkLink(block Block) (LightClient, error) {
	later, err := atBlock(l.chainID, block)
	if err != nil {
		return LightClient{}, err
	}
	switch {
	case later.height <= l.height:
		return LightClient{}, fmt.Errorf("header.height: %d; it must be above %d, the block before", later.height, l.height)
	case l.height > 0 && !later.time.After(l.time):
		return LightClient{}, errors.New("header.time: is not after that of the block before")
	case later.height == l.height+1:
		return later, l.checkAdjacent(later)
	}
	return later, l.checkSkip(block, later)
}

func (l LightClient) checkAdjacent(later LightClient) error {
	if later.known.hash() != l.next {
		return fmt.Errorf("header.validators_hash: is not that of the set which %s announced", l)
	}
	return nil
}

// checkSkip counts the trusted validators among the signers. CheckSignatures verifies their signatures.
func (l LightClient) checkSkip(block Block, later LightClient) error {
	signed := int64(0)
	power := make(map[string]int64, len(l.known.members))
	for _, m := range l.known.members {
		power[string(m.key)] = m.power
	}
	for i, s := range block.GetCommit().GetSignatures() {
		index := int(s.GetValidator())
		if index < 0 || index >= len(later.known.members) {
			return fmt.Errorf("commit.signatures[%d].validator: %d; it must be below %d", i, index, len(later.known.members))
		}
		key := string(later.known.members[index].key)
		signed += power[key]
		delete(power, key) // No validator is counted twice.
	}
	if 3*signed <= l.known.total {
		return fmt.Errorf("commit.signatures: of the validators known at %s those with %d of %d votes signed; more than a third are needed to skip to block %d",
			l, signed, l.known.total, later.height)
	}
	return nil
}
