package protocol

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"
)

// Bet is a live bet as a round commits to it.
type Bet struct {
	// ID is the bet's id.
	ID ID
	// Player is whose bet it is.
	Player ID
	// Wager is the wager's code.
	Wager uint16
	// Number is the number that the bet stands on, or 0.
	Number uint8
	// Working is false while rolls neither win nor lose the bet.
	Working bool
	// Amount is the stake in tokens.
	Amount uint64
	// Seed is what the player gave to be bound into the dice; at most 255 bytes.
	Seed []byte
}

// Encode returns the canonical encoding, which is the bet's leaf in the tree.
func (b Bet) Encode() []byte {
	e := make([]byte, 0, 61+len(b.Seed))
	e = append(e, betTag...)
	e = append(e, b.ID[:]...)
	e = append(e, b.Player[:]...)
	e = binary.BigEndian.AppendUint16(e, b.Wager)
	e = append(e, b.Number, flag(b.Working))
	e = binary.BigEndian.AppendUint64(e, b.Amount)
	e = append(e, byte(len(b.Seed)))
	return append(e, b.Seed...)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// BetsRoot is the Merkle Tree Hash of RFC 6962, section 2.1, over the bets in the order of their ids. No bets have the
// hash of the empty string.
func BetsRoot(bets []Bet) Hash {
	return merkleRoot(leaves(bets))
}

// BetProof is the audit path of RFC 6962, section 2.1.1, for the bet with the id, lowest sibling first, and the bet's
// place in the order of ids. ok is false where no bet has the id.
func BetProof(bets []Bet, id ID) (path []Hash, index int, ok bool) {
	sorted := sortedByID(bets)
	index = slices.IndexFunc(sorted, func(b Bet) bool { return b.ID == id })
	if index < 0 {
		return nil, 0, false
	}
	return auditPath(leaves(bets), index), index, true
}

// VerifyBet reports whether the path proves that the bet is the index-th of count bets under the root.
func VerifyBet(bet Bet, index, count int, path []Hash, root Hash) bool {
	if index < 0 || index >= count {
		return false
	}
	hash, used := leafHash(bet.Encode()), 0
	for i, last := index, count-1; last > 0; i, last = i/2, last/2 {
		if i%2 == 0 && i == last { // The rightmost node of an odd row moves up as it is.
			continue
		}
		if used == len(path) {
			return false
		}
		if i%2 == 1 {
			hash = nodeHash(path[used], hash)
		} else {
			hash = nodeHash(hash, path[used])
		}
		used++
	}
	return used == len(path) && hash == root
}

func sortedByID(bets []Bet) []Bet {
	sorted := slices.Clone(bets)
	slices.SortFunc(sorted, func(a, b Bet) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return sorted
}

func leaves(bets []Bet) []Hash {
	hashes := make([]Hash, len(bets))
	for i, bet := range sortedByID(bets) {
		hashes[i] = leafHash(bet.Encode())
	}
	return hashes
}

func merkleRoot(hashes []Hash) Hash {
	switch len(hashes) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return hashes[0]
	}
	k := split(len(hashes))
	return nodeHash(merkleRoot(hashes[:k]), merkleRoot(hashes[k:]))
}

func auditPath(hashes []Hash, index int) []Hash {
	if len(hashes) == 1 {
		return nil
	}
	k := split(len(hashes))
	if index < k {
		return append(auditPath(hashes[:k], index), merkleRoot(hashes[k:]))
	}
	return append(auditPath(hashes[k:], index-k), merkleRoot(hashes[:k]))
}

// split is the largest power of two below n.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

func leafHash(leaf []byte) Hash { return sha256.Sum256(append([]byte{0}, leaf...)) }

func nodeHash(left, right Hash) Hash {
	return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
}
