package craps

import "fmt"

// Yes bets, which casinos call buy bets, win when their number is rolled before a 7. They pay true odds for a commission of a twentieth
// of the stake.

func yes(code uint16, number uint8, to, per int64) Wager {
	return Wager{
		Code: code, Name: fmt.Sprintf("yes_%d", number), Title: fmt.Sprintf("Yes %d", number), Aliases: []string{fmt.Sprintf("buy_%d", number)},
		Rule:  fmt.Sprintf("%d before a 7 wins.", number),
		Place: AnyTime, Lock: Never, Pays: []Pay{{On: fmt.Sprint(number), To: to, Per: per}}, Commission: OnStake, OffOnComeOut: true, Settles: Numbers,
		Resolve: func(b Bet, r Roll) Result { return before7(number, b, r) },
	}
}

var (
	yes2  = yes(5, 2, 6, 1)
	yes3  = yes(6, 3, 3, 1)
	yes4  = yes(7, 4, 2, 1)
	yes5  = yes(8, 5, 3, 2)
	yes6  = yes(9, 6, 6, 5)
	yes8  = yes(10, 8, 6, 5)
	yes9  = yes(11, 9, 3, 2)
	yes10 = yes(12, 10, 2, 1)
	yes11 = yes(13, 11, 3, 1)
	yes12 = yes(14, 12, 6, 1)
)
