package craps

import "fmt"

// Repeaters are on one total being rolled a number of times before a 7. Layouts print "n for one"; the pay tables have n - 1 to 1.

func repeater(code uint16, total uint8, times int, to int64) Wager {
	return Wager{
		Code: code, Name: fmt.Sprintf("repeater_%d", total), Title: fmt.Sprintf("Repeater %d", total),
		Rule:  fmt.Sprintf("%d must come %d times before a 7.", total, times),
		Place: OnlySince7, Lock: WindowClosed, Pays: []Pay{{On: fmt.Sprintf("%d times", times), To: to, Per: 1}}, Settles: Side,
		RelevantState: func(s State) State { return State{Since7: Since7{Totals: s.Since7.Totals.Only(times, total)}} },
		Resolve: func(_ Bet, r Roll) Result {
			switch {
			case r.Total == 7:
				return lose
			case r.Total == total && r.After.Since7.Totals.Of(total) == times:
				return win(0)
			}
			return stay
		},
	}
}

var (
	repeater2  = repeater(54, 2, 2, 39)
	repeater3  = repeater(55, 3, 3, 49)
	repeater4  = repeater(56, 4, 4, 64)
	repeater5  = repeater(57, 5, 5, 79)
	repeater6  = repeater(58, 6, 6, 89)
	repeater8  = repeater(59, 8, 6, 89)
	repeater9  = repeater(60, 9, 5, 79)
	repeater10 = repeater(61, 10, 4, 64)
	repeater11 = repeater(62, 11, 3, 49)
	repeater12 = repeater(63, 12, 2, 39)
)
