package protocol

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// StateSize is the length of an encoded state in bytes.
const StateSize = 91

// State is a game's state before a roll, which a round commits to.
type State struct {
	// Game is the game's id.
	Game ID
	// Round is the number of the next roll, from 1.
	Round uint64
	// Hand is the number of the hand, from 1.
	Hand uint64
	// Rolls is the number of earlier rolls of this hand.
	Rolls uint32
	// Point is 4, 5, 6, 8, 9 or 10 in the point phase, and 0 in the come-out phase.
	Point uint8
	// Shooter is the player who has the dice; all zero if the house rolls.
	Shooter ID
	// Totals counts, for 2 to 6 and 8 to 12, how often the total was rolled since the last 7, up to 6.
	Totals [10]uint8
	// Pairs has the bits of the unordered pairs of dice that were rolled since the last 7: 1-1 is bit 0, 1-2 bit 1, 6-6 bit 20.
	Pairs uint32
	// Hard has the bit of each of 4, 6, 8 and 10 that was last rolled as a pair, since the last 7: 4 is bit 0.
	Hard uint8
	// PointsMade counts, for 4, 5, 6, 8, 9 and 10, how often the point was made in this hand, up to 4.
	PointsMade [6]uint8
	// PassWins counts the pass line's wins in this hand, up to 11.
	PassWins uint8
}

// Encode returns the canonical encoding.
func (s State) Encode() []byte {
	b := make([]byte, 0, StateSize)
	b = append(b, stateTag...)
	b = append(b, s.Game[:]...)
	b = binary.BigEndian.AppendUint64(b, s.Round)
	b = binary.BigEndian.AppendUint64(b, s.Hand)
	b = binary.BigEndian.AppendUint32(b, s.Rolls)
	b = append(b, s.Point)
	b = append(b, s.Shooter[:]...)
	b = append(b, s.Totals[:]...)
	b = binary.BigEndian.AppendUint32(b, s.Pairs)
	b = append(b, s.Hard)
	b = append(b, s.PointsMade[:]...)
	return append(b, s.PassWins)
}

// DecodeState is the inverse of Encode. It does not check the values of the fields.
func DecodeState(b []byte) (State, error) {
	if len(b) != StateSize || string(b[:16]) != stateTag {
		return State{}, fmt.Errorf("%w: a state begins with %q and has %d bytes", ErrMalformed, stateTag, StateSize)
	}
	return State{
		Game: ID(b[16:32]), Round: binary.BigEndian.Uint64(b[32:40]), Hand: binary.BigEndian.Uint64(b[40:48]),
		Rolls: binary.BigEndian.Uint32(b[48:52]), Point: b[52], Shooter: ID(b[53:69]), Totals: [10]uint8(b[69:79]),
		Pairs: binary.BigEndian.Uint32(b[79:83]), Hard: b[83], PointsMade: [6]uint8(b[84:90]), PassWins: b[90],
	}, nil
}

// Hash returns the SHA-256 hash of the canonical encoding.
func (s State) Hash() Hash { return sha256.Sum256(s.Encode()) }
