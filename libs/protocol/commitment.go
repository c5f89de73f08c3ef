// Package protocol implements the part of BitCraps that all implementations must agree on to the byte: what a round commits to, how its
// bets hash to one root, and how dice are derived from a beacon. docs/protocol.md is its specification, testdata/vectors.json has its
// test vectors. It depends on the standard library alone.
package protocol

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Hash is a SHA-256 hash.
type Hash = [sha256.Size]byte

// ID is a UUID in its binary form.
type ID = [16]byte

// Tags separate the domains of encodings: each encoding begins with one, so that no encoding of one kind is valid for another. All
// have 16 bytes.
const (
	commitmentTag = "bitcraps/round/1"
	betTag        = "bitcraps/bet/001"
	stateTag      = "bitcraps/state/2"
)

// CommitmentSize is the length of an encoded commitment in bytes.
const CommitmentSize = 140

// ErrMalformed is the error of decoders for bytes that are not a canonical encoding.
var ErrMalformed = errors.New("protocol: malformed encoding")

// Commitment is what a round is bound to before its dice can exist.
type Commitment struct {
	// Game is the game's id.
	Game ID
	// Round is the round's number within the game, from 1.
	Round uint64
	// BetCount is the number of live bets.
	BetCount uint32
	// BetsRoot is the Merkle root over the live bets.
	BetsRoot Hash
	// StateHash is the hash of the game's state before the roll.
	StateHash Hash
	// PayTableHash is the hash of the definitions of all wagers.
	PayTableHash Hash
}

// Encode returns the canonical encoding.
func (c Commitment) Encode() []byte {
	b := make([]byte, 0, CommitmentSize)
	b = append(b, commitmentTag...)
	b = append(b, c.Game[:]...)
	b = binary.BigEndian.AppendUint64(b, c.Round)
	b = binary.BigEndian.AppendUint32(b, c.BetCount)
	b = append(b, c.BetsRoot[:]...)
	b = append(b, c.StateHash[:]...)
	return append(b, c.PayTableHash[:]...)
}

// DecodeCommitment is the inverse of Encode. It accepts only what Encode returns.
func DecodeCommitment(b []byte) (Commitment, error) {
	if len(b) != CommitmentSize {
		return Commitment{}, fmt.Errorf("%w: a commitment has %d bytes, not %d", ErrMalformed, CommitmentSize, len(b))
	}
	if string(b[:16]) != commitmentTag {
		return Commitment{}, fmt.Errorf("%w: a commitment begins with %q", ErrMalformed, commitmentTag)
	}
	c := Commitment{
		Game:         ID(b[16:32]),
		Round:        binary.BigEndian.Uint64(b[32:40]),
		BetCount:     binary.BigEndian.Uint32(b[40:44]),
		BetsRoot:     Hash(b[44:76]),
		StateHash:    Hash(b[76:108]),
		PayTableHash: Hash(b[108:140]),
	}
	if c.Round == 0 || c.Round > 1<<62 {
		return Commitment{}, fmt.Errorf("%w: round %d", ErrMalformed, c.Round)
	}
	return c, nil
}

// Hash returns the SHA-256 hash of the encoding, which is also the hash of the chain's transaction.
func (c Commitment) Hash() Hash { return sha256.Sum256(c.Encode()) }
