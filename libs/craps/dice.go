// Package craps is the rules of the table: what a roll does to the hand and to every wager. It is pure: no clock, no
// chance, no money moves here.
//
// A wager is defined in one place: its name, when it can be placed, its pay table, and a small function that says what
// one roll does to it. wagers.go lists all of them.
package craps

// Dice are two dice in the order in which they were thrown. Each is 1 to 6.
type Dice struct{ First, Second uint8 }

// Total is the sum of the dice.
func (d Dice) Total() uint8 { return d.First + d.Second }

// Hard reports whether both dice show the same.
func (d Dice) Hard() bool { return d.First == d.Second }

// State is where a hand stands between two rolls.
type State struct {
	// Point is 4, 5, 6, 8, 9 or 10 in the point phase, and 0 in the come-out phase.
	Point uint8
	// Rolls is how often the hand was rolled.
	Rolls uint32
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

// Roll returns the state behind a roll and what it is called. A seven-out returns the state of a new hand.
func (s State) Roll(d Dice) (State, Call) {
	next := State{Point: s.Point, Rolls: s.Rolls + 1}
	total := d.Total()
	switch {
	case s.ComeOut() && (total == 7 || total == 11):
		return next, Natural
	case s.ComeOut() && (total == 2 || total == 3 || total == 12):
		return next, Craps
	case s.ComeOut():
		next.Point = total
		return next, PointSet
	case total == s.Point:
		next.Point = 0
		return next, PointMade
	case total == 7:
		return State{}, SevenOut
	}
	return next, Rolled
}
