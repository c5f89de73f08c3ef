// Package order is the validators' replicated state machine: it decides which commitment stands under which round, and
// nothing else. It is deterministic and does no I/O of its own, so that every validator that executes the same blocks
// has the same state.
package order

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// Round names a round of a game.
type Round struct {
	Game   protocol.ID
	Number uint64
}

// Ordered is a commitment that a block made final.
type Ordered struct {
	// Commitment is what was ordered.
	Commitment protocol.Commitment
	// Height is the block.
	Height int64
}

// BeaconHeight is the block whose precommits throw the dice of a round that was ordered at a height: the first later
// one, so that nobody can know the dice while the commitment can still change.
func BeaconHeight(height int64) int64 { return height + 1 }

// Verdict is what the state machine says of a transaction.
type Verdict uint32

// The verdicts. Their numbers are ABCI result codes and part of the chain's history.
const (
	// Accepted orders the commitment.
	Accepted Verdict = iota
	// Malformed is not a commitment.
	Malformed
	// Decided names a round that has a commitment already.
	Decided
)

// String says what is wrong with the transaction.
func (v Verdict) String() string {
	switch v {
	case Accepted:
		return "is accepted"
	case Malformed:
		return "is no commitment"
	case Decided:
		return "is for a round that has a commitment"
	}
	return "has the verdict " + strconv.Itoa(int(v))
}

// Reader knows the state behind the last block.
type Reader interface {
	// Ordered returns what stands under the round. ok is false where nothing does.
	Ordered(round Round) (ordered Ordered, ok bool, err error)
}

// RoundOf is the round that a commitment is for.
func RoundOf(c protocol.Commitment) Round { return Round{Game: c.Game, Number: c.Round} }

// Check says what a transaction would be worth in the next block.
func Check(state Reader, tx []byte) (protocol.Commitment, Verdict, error) {
	commitment, err := protocol.DecodeCommitment(tx)
	if err != nil {
		return protocol.Commitment{}, Malformed, nil
	}
	_, taken, err := state.Ordered(RoundOf(commitment))
	if err != nil {
		return protocol.Commitment{}, Malformed, err
	}
	if taken {
		return commitment, Decided, nil
	}
	return commitment, Accepted, nil
}

// Result is what executing a block did.
type Result struct {
	// Verdicts has one entry per transaction.
	Verdicts []Verdict
	// Ordered are the commitments that the block made final, in its order.
	Ordered []Ordered
	// AppHash is the hash of the state behind the block. It stays what it was where nothing was ordered, so that an
	// idle chain makes no blocks.
	AppHash protocol.Hash
}

// Execute runs a block's transactions against the state. Of two commitments for one round the first wins.
func Execute(state Reader, appHash protocol.Hash, height int64, txs [][]byte) (Result, error) {
	result := Result{Verdicts: make([]Verdict, len(txs)), AppHash: appHash}
	seen := make(map[Round]bool, len(txs))
	for i, tx := range txs {
		commitment, verdict, err := Check(state, tx)
		if err != nil {
			return Result{}, err
		}
		if verdict == Accepted && seen[RoundOf(commitment)] {
			verdict = Decided
		}
		result.Verdicts[i] = verdict
		if verdict == Accepted {
			seen[RoundOf(commitment)] = true
			result.Ordered = append(result.Ordered, Ordered{Commitment: commitment, Height: height})
		}
	}
	result.AppHash = HashOrdered(appHash, height, result.Ordered)
	return result, nil
}

// HashOrdered hashes the block's commitments onto the state before it.
func HashOrdered(previous protocol.Hash, height int64, ordered []Ordered) protocol.Hash {
	if len(ordered) == 0 {
		return previous
	}
	h := sha256.New()
	h.Write([]byte("bitcraps/app/001"))
	h.Write(previous[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(height)))
	for _, o := range ordered {
		hash := o.Commitment.Hash()
		h.Write(hash[:])
	}
	return protocol.Hash(h.Sum(nil))
}

// Acceptable returns the transactions that a proposer should put into the next block: those that would be accepted, in
// their order, as long as they fit into maxBytes.
func Acceptable(state Reader, txs [][]byte, maxBytes int64) ([][]byte, error) {
	result, err := Execute(state, protocol.Hash{}, 0, txs)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for i, tx := range txs {
		if result.Verdicts[i] != Accepted {
			continue
		}
		// A transaction has a tag of one byte and a length of at most five beside its own bytes.
		if maxBytes -= int64(len(tx)) + 6; maxBytes < 0 {
			break
		}
		out = append(out, tx)
	}
	return out, nil
}
