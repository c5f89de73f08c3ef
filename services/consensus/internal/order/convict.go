package order

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// Address is a validator's: the first 20 bytes of SHA-256 of its public key.
type Address [20]byte

// Offence is that a validator provably signed what excludes each other.
type Offence struct {
	Validator Address
	// Height is the block that the signatures were about.
	Height int64
}

// Conviction is a validator's first offence and what became of it.
type Conviction struct {
	Offence
	// Proven is the block that held the proof.
	Proven int64
	// Removed is the block that took the validator's vote away; 0 where none has.
	Removed int64
}

// Quorum is how many of n validators decide: more than two thirds.
func Quorum(n int) int { return n*2/3 + 1 }

// Convict says what a block's evidence changes, and whom it removes from the members. A convict's vote is taken away as
// soon as the others can do without it: a final block must carry a threshold of shares, and holds those of a quorum at
// least, so the quorum of those that remain must not be smaller than the threshold. Until then, which is until the shares
// are dealt anew, the convict stays a member, and only its name is known. Members have one vote each.
func Convict(known []Conviction, members []Address, threshold int, height int64, accused []Offence) (changed []Conviction, removed []Address) {
	open := slices.DeleteFunc(slices.Clone(known), func(c Conviction) bool { return c.Removed > 0 })
	fresh := make(map[Address]bool)
	for _, offence := range accused {
		old := slices.ContainsFunc(known, func(c Conviction) bool { return c.Validator == offence.Validator })
		if !old && !fresh[offence.Validator] {
			fresh[offence.Validator] = true
			open = append(open, Conviction{Offence: offence, Proven: height})
		}
	}
	slices.SortFunc(open, func(a, b Conviction) int { return bytes.Compare(a.Validator[:], b.Validator[:]) })
	left := len(members)
	for _, c := range open {
		if left > 1 && slices.Contains(members, c.Validator) && Quorum(left-1) >= threshold {
			left--
			c.Removed = height
			removed = append(removed, c.Validator)
		}
		if fresh[c.Validator] || c.Removed > 0 {
			changed = append(changed, c)
		}
	}
	return changed, removed
}

// HashConvictions hashes what a block changed about convictions onto the state before it.
func HashConvictions(previous protocol.Hash, changed []Conviction) protocol.Hash {
	if len(changed) == 0 {
		return previous
	}
	h := sha256.New()
	h.Write([]byte("bitcraps/evid/01"))
	h.Write(previous[:])
	for _, c := range changed {
		h.Write(c.Validator[:])
		for _, height := range []int64{c.Height, c.Proven, c.Removed} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(height)))
		}
	}
	return protocol.Hash(h.Sum(nil))
}

// History is what each block changed about convictions, by its height, to lead to those that are given.
func History(convictions []Conviction) map[int64][]Conviction {
	changes := make(map[int64][]Conviction)
	for _, c := range slices.SortedFunc(slices.Values(convictions), func(a, b Conviction) int { return bytes.Compare(a.Validator[:], b.Validator[:]) }) {
		proven := c
		if c.Removed > c.Proven {
			proven.Removed = 0
			changes[c.Removed] = append(changes[c.Removed], c)
		}
		changes[c.Proven] = append(changes[c.Proven], proven)
	}
	return changes
}

// KnownAt is what was known of convictions behind a block.
func KnownAt(convictions []Conviction, height int64) []Conviction {
	var known []Conviction
	for _, c := range convictions {
		if c.Proven > height {
			continue
		}
		if c.Removed > height {
			c.Removed = 0
		}
		known = append(known, c)
	}
	return known
}
