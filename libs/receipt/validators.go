package receipt

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

const (
	// maxValidators bounds the validator set. Every vote goes to every validator, so chains stay far below.
	maxValidators = 1000
	// maxPower is CometBFT's bound on the power of a whole set. Three times as much still fits in an int64.
	maxPower = 1<<60 - 1
)

// set is an ordered validator set.
type set struct {
	members []member
	total   int64
}

type member struct {
	key   ed25519.PublicKey
	power int64
}

func parseSet(validators []*receiptv1.Validator) (set, error) {
	if n := len(validators); n == 0 || n > maxValidators {
		return set{}, fmt.Errorf("validators: %d; 1 to %d are wanted", n, maxValidators)
	}
	s := set{members: make([]member, len(validators))}
	seen := make(map[string]bool, len(validators))
	for i, v := range validators {
		key, err := parseHex(fmt.Sprintf("validators[%d].public_key", i), v.GetPublicKey(), ed25519.PublicKeySize)
		if err != nil {
			return set{}, err
		}
		if v.GetPower() < 1 || v.GetPower() > maxPower-s.total {
			return set{}, fmt.Errorf("validators[%d].power: %d; it must be positive, and all together at most %d", i, v.GetPower(), int64(maxPower))
		}
		if seen[string(key)] {
			return set{}, fmt.Errorf("validators[%d].public_key: occurs twice", i)
		}
		seen[string(key)] = true
		s.members[i] = member{key: key, power: v.GetPower()}
		s.total += v.GetPower()
	}
	return s, nil
}

// sorted returns the set in CometBFT's order: by descending power, then by ascending address.
func (s set) sorted() set {
	s.members = slices.SortedFunc(slices.Values(s.members), func(a, b member) int {
		return cmp.Or(cmp.Compare(b.power, a.power), bytes.Compare(a.address(), b.address()))
	})
	return s
}

func (m member) address() []byte {
	sum := sha256.Sum256(m.key)
	return sum[:addressSize]
}

// hash returns the hash of the set that headers contain.
func (s set) hash() protocol.Hash {
	leaves := make([][]byte, len(s.members))
	for i, m := range s.members {
		leaves[i] = message{}.embed(1, message{}.bytes(1, m.key)).integer(2, m.power)
	}
	return protocol.MerkleRoot(leaves)
}

// ValidatorsHash returns a header's hash of the validator set that signs its block: the Merkle root over the validators' keys and powers
// in the set's order.
func ValidatorsHash(validators []*receiptv1.Validator) (protocol.Hash, error) {
	s, err := parseSet(validators)
	if err != nil {
		return protocol.Hash{}, err
	}
	return s.hash(), nil
}

// Block is a header with its commit and its validators: a BlockProof or a LightBlock.
type Block interface {
	GetHeader() *receiptv1.Header
	GetCommit() *receiptv1.Commit
	GetValidators() []*receiptv1.Validator
}

// CheckValidators checks that the block's validators are the set that the header names. It does not prove that they are the chain's.
func CheckValidators(block Block) error {
	hash, err := ValidatorsHash(block.GetValidators())
	if err != nil {
		return err
	}
	named, err := parseHash("header.validators_hash", block.GetHeader().GetValidatorsHash())
	if err != nil {
		return err
	}
	if hash != named {
		return errors.New("validators: are not the set of header.validators_hash")
	}
	return nil
}
