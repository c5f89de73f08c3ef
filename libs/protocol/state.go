package protocol

import (
	"crypto/sha256"
	"encoding/binary"
)

// State is a game's state before a roll, as a round commits to it.
type State struct {
	// Game is the game's id.
	Game ID
	// Round is the number of the roll that comes next, from 1.
	Round uint64
	// Hand numbers the hands from 1.
	Hand uint64
	// Rolls is how often this hand was rolled before.
	Rolls uint32
	// Point is 4, 5, 6, 8, 9 or 10 in the point phase, and 0 in the come-out phase.
	Point uint8
	// Shooter has the dice; all zero where the house rolls.
	Shooter ID
}

// Hash is SHA-256 of the canonical encoding.
func (s State) Hash() Hash {
	b := make([]byte, 0, 69)
	b = append(b, stateTag...)
	b = append(b, s.Game[:]...)
	b = binary.BigEndian.AppendUint64(b, s.Round)
	b = binary.BigEndian.AppendUint64(b, s.Hand)
	b = binary.BigEndian.AppendUint32(b, s.Rolls)
	b = append(b, s.Point)
	b = append(b, s.Shooter[:]...)
	return sha256.Sum256(b)
}
