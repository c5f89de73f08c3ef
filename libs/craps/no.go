package craps

import "fmt"

// No bets, which casinos call lay bets, win when a 7 is rolled before their number. They pay true odds for a commission of a twentieth
// of what they can win, and work on every roll.

func no(code uint16, number uint8, to, per int64) Wager {
	return Wager{
		Code: code, Name: fmt.Sprintf("no_%d", number), Title: fmt.Sprintf("No %d", number), Aliases: []string{fmt.Sprintf("lay_%d", number)},
		Rule:  fmt.Sprintf("A 7 before %d wins.", number),
		Place: AnyTime, Lock: Never, Pays: []Pay{{On: "7", To: to, Per: per}}, Commission: OnWin, Settles: Numbers,
		RelevantState: noState,
		Resolve: func(_ Bet, r Roll) Result {
			switch r.Total {
			case 7:
				return win(0)
			case number:
				return lose
			}
			return stay
		},
	}
}

// noState is the RelevantState of wagers that depend on future rolls alone.
func noState(State) State { return State{} }

var (
	no2  = no(15, 2, 1, 6)
	no3  = no(16, 3, 1, 3)
	no4  = no(17, 4, 1, 2)
	no5  = no(18, 5, 2, 3)
	no6  = no(19, 6, 5, 6)
	no8  = no(20, 8, 5, 6)
	no9  = no(21, 9, 2, 3)
	no10 = no(22, 10, 1, 2)
	no11 = no(23, 11, 1, 3)
	no12 = no(24, 12, 1, 6)
)
