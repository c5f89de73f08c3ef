package receipt

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

const (
	// maxValidators bounds the set. Every vote goes to every validator, so chains stay far below.
	maxValidators = 1000
	// maxPower is CometBFT's bound on the power of a whole set. Three times as much is an int64 still.
	maxPower = 1<<60 - 1
)

// set is a validator set in its own order.
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
	for i, v := range validators {
		key, err := parseHex(fmt.Sprintf("validators[%d].public_key", i), v.GetPublicKey(), ed25519.PublicKeySize)
		if err != nil {
			return set{}, err
		}
		if v.GetPower() < 1 || v.GetPower() > maxPower-s.total {
			return set{}, fmt.Errorf("validators[%d].power: %d; it must be positive, and all together at most %d", i, v.GetPower(), int64(maxPower))
		}
		s.members[i] = member{key: key, power: v.GetPower()}
		s.total += v.GetPower()
	}
	return s, nil
}

// ValidatorsHash is the hash by which a header names the set that signs its block: the Merkle root over the validators'
// keys and powers in the set's order.
func ValidatorsHash(validators []*receiptv1.Validator) (protocol.Hash, error) {
	s, err := parseSet(validators)
	if err != nil {
		return protocol.Hash{}, err
	}
	leaves := make([][]byte, len(s.members))
	for i, m := range s.members {
		leaves[i] = message{}.embed(1, message{}.bytes(1, m.key)).integer(2, m.power)
	}
	return protocol.MerkleRoot(leaves), nil
}

// CheckValidators checks that the proof's validators are the set that the header names. It does not say that they are the
// chain's.
func CheckValidators(proof *receiptv1.BlockProof) error {
	hash, err := ValidatorsHash(proof.GetValidators())
	if err != nil {
		return err
	}
	named, err := parseHash("header.validators_hash", proof.GetHeader().GetValidatorsHash())
	if err != nil {
		return err
	}
	if hash != named {
		return errors.New("validators: are not the set of header.validators_hash")
	}
	return nil
}
