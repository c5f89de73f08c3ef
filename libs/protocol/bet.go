package protocol

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Bet is a live bet that a round commits to.
type Bet struct {
	// ID is the bet's id.
	ID ID
	// Player is the id of the player whose bet it is.
	Player ID
	// Wager is the wager's code.
	Wager uint16
	// Number is the number that the bet stands on, or 0.
	Number uint8
	// Working is false while rolls neither win nor lose the bet.
	Working bool
	// Amount is the stake in tokens.
	Amount uint64
	// Seed is the player's seed, which is bound into the dice; at most 255 bytes.
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

// BetsRoot returns the Merkle Tree Hash of RFC 6962, section 2.1, over the bets in the order of their ids. Without bets it is the hash
// of the empty string.
func BetsRoot(bets []Bet) Hash {
	return merkleRoot(leaves(bets))
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
