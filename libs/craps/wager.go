package craps

// Wager is the complete definition of one kind of bet.
type Wager struct {
	// Code is the wager's number in the canonical encoding (docs/protocol.md). It never changes.
	Code uint16
	// Name is what players call it by, in snake_case.
	Name string
	// Title is the name for people.
	Title string
	// Aliases are other spellings that are accepted.
	Aliases []string
	// Rule says in a sentence what wins and what loses.
	Rule string
	// Place says when it can be placed.
	Place Window
	// Lock says from when on it is a contract.
	Lock Lock
	// Behind is the wager that it stands behind, for odds; else nil. At most one bet of each lies on a number.
	Behind *Wager
	// Pays are the odds of every way to win. Resolve refers to them by their place.
	Pays []Pay
	// MaxOdds is how many times the flat bet may be staked, for each line of Pays; odds only.
	MaxOdds []int64
	// Commission is what it costs beside the stake.
	Commission Commission
	// OffOnComeOut rests the bet during come-out rolls, unless the player keeps it working.
	OffOnComeOut bool
	// Settles is the wager's place in the order in which a roll settles bets; a come bet that has travelled comes earlier.
	Settles Stage
	// RelevantState is the part of a state that Resolve looks at, with zeros elsewhere; nil is the point alone. The solver in
	// package edge tells states apart by it.
	RelevantState func(State) State
	// Resolve says what a roll does to the bet.
	Resolve func(Bet, Roll) Result
}

// Bet is what a wager's rules need to know of a bet.
type Bet struct {
	// Number is the number that the bet stands on: where a come bet travelled to, or the number of its odds. 0 for none.
	Number uint8
	// Working is true where the bet takes part in come-out rolls although its wager rests then.
	Working bool
}

// Pay is one line of a pay table: To is the profit for every Per of stake.
type Pay struct {
	On      string
	To, Per int64
}

// Window says when a wager can be placed.
type Window string

// The windows.
const (
	OnComeOut  Window = "come_out"    // In the come-out phase.
	OnPoint    Window = "point"       // In the point phase.
	AnyTime    Window = "any"         // Between any two rolls.
	WithFlat   Window = "with_flat"   // While the bet that it stands behind lies on a number.
	OnNewHand  Window = "new_hand"    // Before the first roll of a hand.
	OnlySince7 Window = "since_seven" // While nothing was rolled since the last 7.
)

// Open reports whether a table in this state takes the wager. Odds need their flat bet as well.
func (w Window) Open(s State) bool {
	switch w {
	case OnComeOut:
		return s.ComeOut()
	case OnPoint:
		return !s.ComeOut()
	case OnNewHand:
		return s.Rolls == 0
	case OnlySince7:
		return s.Since7.Empty()
	}
	return true
}

// Lock says from when on a bet is a contract that must stand until it is decided.
type Lock string

// The locks.
const (
	Never        Lock = "never"         // The player may take it back between any two rolls.
	WindowClosed Lock = "window_closed" // Once it could not be placed any more.
	OnNumber     Lock = "on_number"     // Once a come bet has travelled.
)

// Commission is a price beside the stake, a twentieth of something, paid when the bet is placed.
type Commission string

// The commissions.
const (
	None    Commission = ""                   // Nothing.
	OnStake Commission = "5_percent_of_stake" // Of bets on a number at true odds.
	OnWin   Commission = "5_percent_of_win"   // Of bets against a number at true odds.
)

// twentieth is 1 / 5 %.
const twentieth = 20

// Stage is a place in the order in which a roll settles bets. The order does not change what any bet gets; it makes the
// ledger reproducible.
type Stage uint8

// The order of settlement.
const (
	Numbers     Stage = iota // One-roll, number and hardway bets.
	Established              // Come bets that have travelled, and their odds.
	Pending                  // Come bets that have not.
	Line                     // The line, and its odds.
	Side                     // Side bets.
)

// Outcome is what a roll does to a bet.
type Outcome uint8

// The outcomes. All but Stay and Travel close the bet.
const (
	Stay   Outcome = iota // Nothing happens.
	Win                   // The stake comes back with the profit of a pay line.
	Lose                  // The house keeps the stake.
	Push                  // The stake comes back.
	Travel                // A come bet moves to its number.
)

// String is the outcome's name, as receipts have it.
func (o Outcome) String() string { return [...]string{"stay", "win", "lose", "push", "travel"}[o] }

// Result is what one roll did to one bet.
type Result struct {
	Outcome Outcome
	// Line is the line of the pay table that a Win pays.
	Line int
	// Number is where a Travel goes.
	Number uint8
}

var (
	stay = Result{Outcome: Stay}
	lose = Result{Outcome: Lose}
	push = Result{Outcome: Push}
)

func win(line int) Result { return Result{Outcome: Win, Line: line} }
