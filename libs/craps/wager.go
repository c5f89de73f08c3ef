package craps

// Wager is the complete definition of one kind of bet.
type Wager struct {
	// Code is the wager's number in the canonical encoding (docs/protocol.md). It never changes.
	Code uint16
	// Name identifies the wager in the API, in snake_case.
	Name string
	// Title is the display name.
	Title string
	// Aliases are other names that are accepted.
	Aliases []string
	// Rule describes in a sentence what wins and what loses.
	Rule string
	// Place is when a bet can be placed.
	Place Window
	// Lock is when a bet becomes a contract.
	Lock Lock
	// Behind is the wager that odds stand behind; nil for other wagers. A player has at most one bet of each on a number.
	Behind *Wager
	// Pays is the pay table: the odds of every way to win. Resolve refers to its lines by index.
	Pays []Pay
	// MaxOdds is the limit of the stake in multiples of the flat bet, for each line of Pays; odds only.
	MaxOdds []int64
	// Commission is what a bet costs in addition to the stake.
	Commission Commission
	// OffOnComeOut is true if bets are off on come-out rolls, unless the player keeps them working.
	OffOnComeOut bool
	// Settles is the wager's stage in the order in which a roll settles bets; come bets that have travelled are settled earlier.
	Settles Stage
	// RelevantState returns the part of a state that Resolve depends on, with zeros elsewhere; nil stands for the point alone. The solver
	// in package edge uses it to merge equivalent states.
	RelevantState func(State) State
	// Resolve returns what a roll does to a bet.
	Resolve func(Bet, Roll) Result
}

// Bet is the part of a bet that a wager's rules depend on.
type Bet struct {
	// Number is the number that the bet stands on: the one that a come bet travelled to, or that of its odds. 0 for none.
	Number uint8
	// Working is true if the bet works on come-out rolls although its wager is off then.
	Working bool
}

// Pay is one line of a pay table: To is the profit for every Per of stake.
type Pay struct {
	On      string
	To, Per int64
}

// Window is when a wager can be placed.
type Window string

// The windows.
const (
	OnComeOut  Window = "come_out"    // In the come-out phase.
	OnPoint    Window = "point"       // In the point phase.
	AnyTime    Window = "any"         // Between any two rolls.
	WithFlat   Window = "with_flat"   // While the bet that it stands behind is on a number.
	OnNewHand  Window = "new_hand"    // Before the first roll of a hand.
	OnlySince7 Window = "since_seven" // While nothing has been rolled since the last 7.
)

// Open reports whether the wager can be placed in the state. Odds need their flat bet as well, which Open does not check.
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

// Lock is when a bet becomes a contract, which must stand until it is decided.
type Lock string

// The locks.
const (
	Never        Lock = "never"         // The player may take it back between any two rolls.
	WindowClosed Lock = "window_closed" // Once it can't be placed any more.
	OnNumber     Lock = "on_number"     // Once a come bet has travelled.
)

// Commission is a charge in addition to the stake, 5 % of an amount, paid when the bet is placed.
type Commission string

// The commissions.
const (
	None    Commission = ""                   // Nothing.
	OnStake Commission = "5_percent_of_stake" // Of bets on a number at true odds.
	OnWin   Commission = "5_percent_of_win"   // Of bets against a number at true odds.
)

// twentieth is the divisor for 5 %.
const twentieth = 20

// Stage is a position in the order in which a roll settles bets. The order does not affect the result of any bet; it makes the ledger
// reproducible.
type Stage uint8

// The order of settlement.
const (
	Numbers     Stage = iota // One-roll, number and hardway bets.
	Established              // Come bets that have travelled, and their odds.
	Pending                  // Come bets that have not.
	Line                     // The line, and its odds.
	Side                     // Side bets.
)

// Outcome is the effect of a roll on a bet.
type Outcome uint8

// The outcomes. All but Stay and Travel close the bet.
const (
	Stay   Outcome = iota // Nothing happens.
	Win                   // The stake is returned with the profit of a pay line.
	Lose                  // The house keeps the stake.
	Push                  // The stake is returned.
	Travel                // A come bet moves to its number.
)

// String returns the outcome's name, as receipts contain it.
func (o Outcome) String() string { return [...]string{"stay", "win", "lose", "push", "travel"}[o] }

// Result is the effect of one roll on one bet.
type Result struct {
	Outcome Outcome
	// Line is the line of the pay table that a Win pays.
	Line int
	// Number is the number that a Travel moves the bet to.
	Number uint8
}

var (
	stay = Result{Outcome: Stay}
	lose = Result{Outcome: Lose}
	push = Result{Outcome: Push}
)

func win(line int) Result { return Result{Outcome: Win, Line: line} }
