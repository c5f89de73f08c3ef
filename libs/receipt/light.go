package receipt

import (
	"errors"
	"fmt"
	"time"

	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// LightClient is a light client of a chain: it knows the validators of one block and follows them to later ones. Its rules are
// those of CometBFT's specification, spec/light-client/verification: the validators of the next block are those that the
// known one announces, and blocks between may be skipped where validators with more than a third of the known power
// signed the later one, since then one honest of them did. It has no clock, so its validators are trusted for good.
type LightClient struct {
	chainID string
	height  int64
	time    time.Time
	known   set
	next    protocol.Hash // The hash of the set of the next block.
}

// NewLightClient is a light client that knows the validators of genesis, in whatever order.
func NewLightClient(chainID string, validators []*receiptv1.Validator) (LightClient, error) {
	s, err := parseSet(validators)
	if err != nil {
		return LightClient{}, err
	}
	s = s.inOrder()
	return LightClient{chainID: chainID, known: s, next: s.hash()}, nil
}

// atBlock takes a block's own word for its validators.
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

// Height is the block whose validators the client knows; 0 at genesis.
func (l LightClient) Height() int64 { return l.height }

// String says where the client is.
func (l LightClient) String() string {
	if l.height == 0 {
		return "genesis"
	}
	return fmt.Sprintf("block %d", l.height)
}

// Follow checks a later block, and returns a client that knows its validators.
func (l LightClient) Follow(block Block) (LightClient, error) {
	if err := CheckValidators(block); err != nil {
		return LightClient{}, err
	}
	later, err := l.link(block) // Before the signatures, which cost more.
	if err != nil {
		return LightClient{}, err
	}
	return later, CheckSignatures(l.chainID, block)
}

// link checks what Follow does beside the block itself, which must hold.
func (l LightClient) link(block Block) (LightClient, error) {
	later, err := atBlock(l.chainID, block)
	if err != nil {
		return LightClient{}, err
	}
	switch {
	case later.height <= l.height:
		return LightClient{}, fmt.Errorf("header.height: %d; it must be above %d, the block before", later.height, l.height)
	case l.height > 0 && !later.time.After(l.time):
		return LightClient{}, errors.New("header.time: is not behind that of the block before")
	case later.height == l.height+1:
		return later, l.adjacent(later)
	}
	return later, l.skip(block, later)
}

func (l LightClient) adjacent(later LightClient) error {
	if later.known.hash() != l.next {
		return fmt.Errorf("header.validators_hash: is not that of the set which %s announced", l)
	}
	return nil
}

// skip counts the known validators among the signers. What they signed is for CheckSignatures to look at.
func (l LightClient) skip(block Block, later LightClient) error {
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
		delete(power, key) // Nobody counts twice.
	}
	if 3*signed <= l.known.total {
		return fmt.Errorf("commit.signatures: of the validators known at %s those with %d of %d votes signed; more than a third are needed to skip to block %d",
			l, signed, l.known.total, later.height)
	}
	return nil
}
