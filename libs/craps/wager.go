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
	// Place says when it can be placed.
	Place Window
	// Behind is the wager that it stands behind, for odds; else nil. At most one bet of each lies on a number.
	Behind *Wager
	// Pays are the odds of every way to win. Resolve refers to them by their place.
	Pays []Pay
	// MaxOdds is how many times the flat bet may be staked, for each line of Pays; odds only.
	MaxOdds []int64
	// OffOnComeOut rests the bet during come-out rolls, unless the player keeps it working.
	OffOnComeOut bool
	// Settles is the wager's place in the order in which a roll settles bets; a come bet that has travelled comes earlier.
	Settles Stage
	// Locked reports whether the bet is a contract that must stand until it is decided. nil means never.
	Locked func(b Bet, s State) bool
	// Resolve says what a roll does to the bet, given the state before the roll.
	Resolve func(b Bet, s State, d Dice) Result
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
	OnComeOut Window = "come_out"  // In the come-out phase.
	OnPoint   Window = "point"     // In the point phase.
	AnyTime   Window = "any"       // Between any two rolls.
	WithFlat  Window = "with_flat" // While the bet that it stands behind lies on a number.
)

// Stage is a place in the order in which a roll settles bets. The order does not change what any bet gets; it makes the
// ledger reproducible.
type Stage uint8

// The order of settlement.
const (
	Numbers     Stage = iota // One-roll, number and hardway bets.
	Established              // Come bets that have travelled, and their odds.
	Pending                  // Come bets that have not.
	Line                     // The line, and its odds.
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

// Stage is the bet's place in the order of settlement.
func (w *Wager) Stage(b Bet) Stage {
	if w.Settles == Pending && b.Number != 0 {
		return Established
	}
	return w.Settles
}

// Off reports whether the next roll passes the bet by.
func (w *Wager) Off(b Bet, s State) bool {
	return w.OffOnComeOut && s.ComeOut() && !b.Working
}

// Removable reports whether the player may take the bet back before the next roll.
func (w *Wager) Removable(b Bet, s State) bool { return w.Locked == nil || !w.Locked(b, s) }

// Multiple is what a stake must be a multiple of to be paid exactly on the number.
func (w *Wager) Multiple(number uint8) int64 {
	if w.Behind != nil {
		return w.Pays[oddsLine(number)].Per
	}
	multiple := int64(1)
	for _, pay := range w.Pays {
		multiple = lcm(multiple, pay.Per)
	}
	return multiple
}

// MaxStake is the most that may stand behind a flat bet on the number; odds only.
func (w *Wager) MaxStake(number uint8, flat int64) int64 { return w.MaxOdds[oddsLine(number)] * flat }

// Profit is what a stake wins on a line of the pay table. The stake must be a multiple of the line's Per.
func (w *Wager) Profit(line int, stake int64) int64 {
	return stake / w.Pays[line].Per * w.Pays[line].To
}

func lcm(a, b int64) int64 {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	return a / x * b
}
