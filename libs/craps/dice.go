// Package craps implements the rules of the game: how a roll advances a hand, and how it resolves each wager. It deals with stakes and
// pay tables, but has no wallets, no players, no clock and no randomness: dice go in, results come out. The service that runs the
// tables settles bets with it, and so does everything that checks that service: the verifier of receipts, the simulator, and the
// solver in package edge.
//
// Every wager is defined in one place: its name, when it can be placed, its pay table, and a small function that returns what one roll
// does to it. wagers.go lists all of them.
package craps

// Dice is an ordered pair of dice, each 1 to 6.
type Dice struct{ First, Second uint8 }

// Total returns the sum of the dice.
func (d Dice) Total() uint8 { return d.First + d.Second }

// Hard reports whether both dice show the same number.
func (d Dice) Hard() bool { return d.First == d.Second }

// State is the state of a table between two rolls.
type State struct {
	// Point is 4, 5, 6, 8, 9 or 10 in the point phase, and 0 in the come-out phase.
	Point uint8
	// Rolls is the number of rolls of the hand so far.
	Rolls uint32
	// Since7 tracks what was rolled since the last 7.
	Since7 Since7
	// Hand tracks what the hand has won so far.
	Hand Hand
}

// ComeOut reports whether the next roll may set a point.
func (s State) ComeOut() bool { return s.Point == 0 }

// Call is the stickman's call of a roll.
type Call string

// The calls.
const (
	Natural   Call = "natural"    // 7 or 11 on the come-out.
	Craps     Call = "craps"      // 2, 3 or 12 on the come-out.
	PointSet  Call = "point_set"  // Any other come-out.
	PointMade Call = "point_made" // The point before a 7.
	SevenOut  Call = "seven_out"  // A 7 before the point; it ends the hand.
	Rolled    Call = "roll"       // Anything else.
)

// Roll is a roll of the dice, with the table's state before and after it.
type Roll struct {
	Dice          Dice
	Total         uint8
	Call          Call
	Before, After State
}

// Roll applies a roll to the state. After a seven-out, the state is that of a new hand.
func (s State) Roll(d Dice) (r Roll) { // The named result is filled in place: a Roll is large to copy.
	r.Dice, r.Total, r.Before, r.After = d, d.Total(), s, s
	r.After.Rolls++
	r.After.Since7 = s.Since7.roll(d)
	switch {
	case s.ComeOut():
		r.comeOut()
	case r.Total == s.Point:
		r.Call, r.After.Point = PointMade, 0
		r.After.Hand = s.Hand.made(s.Point)
	case r.Total == 7:
		r.Call, r.After = SevenOut, State{}
	default:
		r.Call = Rolled
	}
	return r
}

func (r *Roll) comeOut() {
	switch r.Total {
	case 7, 11:
		r.Call = Natural
		r.After.Hand = r.Before.Hand.won()
	case 2, 3, 12:
		r.Call = Craps
	default:
		r.Call, r.After.Point = PointSet, r.Total
	}
}
