package craps

import "math/bits"

// doubles are the pairs of equal dice.
var doubles = Pair(1, 1) | Pair(2, 2) | Pair(3, 3) | Pair(4, 4) | Pair(5, 5) | Pair(6, 6)

// Different doubles is on how many different doubles are rolled before a 7.
var differentDoubles = Wager{
	Code: 42, Name: "different_doubles", Title: "Different doubles",
	Rule:  "When a 7 comes, three or more different doubles that were rolled win.",
	Place: OnlySince7, Lock: WindowClosed, Settles: Side,
	Pays:          []Pay{{On: "3 doubles", To: 4, Per: 1}, {On: "4 doubles", To: 8, Per: 1}, {On: "5 doubles", To: 15, Per: 1}, {On: "6 doubles", To: 100, Per: 1}},
	RelevantState: func(s State) State { return State{Since7: Since7{Pairs: s.Since7.Pairs & doubles}} },
	Resolve: func(_ Bet, r Roll) Result {
		if r.Total != 7 {
			return stay
		}
		if seen := bits.OnesCount32(uint32(r.Before.Since7.Pairs & doubles)); seen >= 3 {
			return win(seen - 3)
		}
		return lose
	},
}
