// Package craps is the rules of the table: how a roll moves a hand on, and what it does to each wager. It knows no money
// but stakes and pay tables, no players, no clock and no chance: dice come in, results come out. The service that runs
// the tables settles by it, and so does everybody who checks the service: the verifier of receipts, the simulator, and
// the solver in package edge.
//
// Every wager is defined in one place: its name, when it can be placed, its pay table, and a small function that says
// what one roll does to it. wagers.go lists all of them.
package craps

// Dice are two dice in the order in which they were thrown. Each is 1 to 6.
type Dice struct{ First, Second uint8 }

// Total is the sum of the dice.
func (d Dice) Total() uint8 { return d.First + d.Second }

// Hard reports whether both dice show the same.
func (d Dice) Hard() bool { return d.First == d.Second }

// State is where a table stands between two rolls.
type State struct {
	// Point is 4, 5, 6, 8, 9 or 10 in the point phase, and 0 in the come-out phase.
	Point uint8
	// Rolls is how often the hand was rolled.
	Rolls uint32
	// Since7 is what came since the last 7.
	Since7 Since7
	// Hand is what the hand has won so far.
	Hand Hand
}

// ComeOut reports whether the next roll may set a point.
func (s State) ComeOut() bool { return s.Point == 0 }

// Call is what the stickman says to a roll.
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

// Roll is one throw as bets see it: where the table stood, and where it stands behind it.
type Roll struct {
	Dice          Dice
	Total         uint8
	Call          Call
	Before, After State
}

// Roll moves the table on. Behind a seven-out it is in the state of a new hand.
func (s State) Roll(d Dice) (r Roll) { // A named result is filled where the caller wants it: a Roll is large to copy.
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
