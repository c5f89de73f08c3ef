package craps

import "fmt"

// Place bets win when their number is rolled before a 7. They pay less than true odds, without commission.

func place(code uint16, number uint8, to, per int64) Wager {
	return Wager{
		Code: code, Name: fmt.Sprintf("place_%d", number), Title: fmt.Sprintf("Place %d", number),
		Rule:  fmt.Sprintf("%d before a 7 wins.", number),
		Place: AnyTime, Lock: Never, Pays: []Pay{{On: fmt.Sprint(number), To: to, Per: per}}, OffOnComeOut: true, Settles: Numbers,
		Resolve: func(b Bet, r Roll) Result { return before7(number, b, r) },
	}
}

// before7 wins when the number is rolled before a 7. The bet is off on come-out rolls unless it is working.
func before7(number uint8, b Bet, r Roll) Result {
	switch {
	case off(b, r):
		return stay
	case r.Total == number:
		return win(0)
	case r.Total == 7:
		return lose
	}
	return stay
}

var (
	place4  = place(64, 4, 9, 5)
	place5  = place(65, 5, 7, 5)
	place6  = place(66, 6, 7, 6)
	place8  = place(67, 8, 7, 6)
	place9  = place(68, 9, 7, 5)
	place10 = place(69, 10, 9, 5)
)
