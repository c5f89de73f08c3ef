package craps

import "fmt"

// One-roll bets are decided by the next roll, whatever it is.

var field = Wager{
	Code: 4, Name: "field", Title: "Field",
	Rule:  "2, 3, 4, 9, 10, 11 or 12 on the next roll wins.",
	Place: AnyTime, Lock: Never, Pays: []Pay{{On: "2, 12", To: 2, Per: 1}, {On: "3, 4, 9, 10, 11", To: 1, Per: 1}}, Settles: Numbers,
	RelevantState: noState,
	Resolve: func(_ Bet, r Roll) Result {
		switch r.Total {
		case 2, 12:
			return win(0)
		case 3, 4, 9, 10, 11:
			return win(1)
		}
		return lose
	},
}

var anyCraps = Wager{
	Code: 70, Name: "any_craps", Title: "Any craps",
	Rule:  "2, 3 or 12 on the next roll wins.",
	Place: AnyTime, Lock: Never, Pays: []Pay{{On: "2, 3, 12", To: 7, Per: 1}}, Settles: Numbers,
	RelevantState: noState,
	Resolve: func(_ Bet, r Roll) Result {
		switch r.Total {
		case 2, 3, 12:
			return win(0)
		}
		return lose
	},
}

// next wins when the next roll is the total. 4 to 10 pay as much as the stake would win if split evenly over the total's hop bets, easy
// ones at 15 to 1 and hard ones at 30 to 1; 7 pays what casinos pay for any seven.
func next(code uint16, total uint8, to, per int64, aliases ...string) Wager {
	return Wager{
		Code: code, Name: fmt.Sprintf("next_%d", total), Title: fmt.Sprintf("Next %d", total), Aliases: aliases,
		Rule:  fmt.Sprintf("%d on the next roll wins.", total),
		Place: AnyTime, Lock: Never, Pays: []Pay{{On: fmt.Sprint(total), To: to, Per: per}}, Settles: Numbers,
		RelevantState: noState,
		Resolve: func(_ Bet, r Roll) Result {
			if r.Total == total {
				return win(0)
			}
			return lose
		},
	}
}

var (
	next2  = next(43, 2, 30, 1, "ace", "aces", "snake_eyes")
	next3  = next(44, 3, 15, 1, "ace_deuce")
	next4  = next(45, 4, 19, 2)
	next5  = next(46, 5, 7, 1)
	next6  = next(47, 6, 16, 3)
	next7  = next(48, 7, 4, 1, "any_7", "any_seven", "any7")
	next8  = next(49, 8, 16, 3)
	next9  = next(50, 9, 7, 1)
	next10 = next(51, 10, 19, 2)
	next11 = next(52, 11, 15, 1, "eleven", "yo")
	next12 = next(53, 12, 30, 1, "twelve", "boxcars")
)
