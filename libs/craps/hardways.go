package craps

import "fmt"

// Hardways win when their number is rolled as a pair before it is rolled any other way and before a 7.

func hardway(code uint16, number uint8, to int64) Wager {
	return Wager{
		Code: code, Name: fmt.Sprintf("hard_%d", number), Title: fmt.Sprintf("Hard %d", number),
		Aliases: []string{fmt.Sprintf("hardway_%d", number), fmt.Sprintf("hard_way_%d", number)},
		Rule:    fmt.Sprintf("%d as a pair wins, before it comes another way and before a 7.", number),
		Place:   AnyTime, Lock: Never, Pays: []Pay{{On: "pair", To: to, Per: 1}}, OffOnComeOut: true, Settles: Numbers,
		Resolve: func(b Bet, r Roll) Result {
			switch {
			case off(b, r):
				return stay
			case r.Total == number && r.Dice.Hard():
				return win(0)
			case r.Total == number, r.Total == 7:
				return lose
			}
			return stay
		},
	}
}

var (
	hard4  = hardway(25, 4, 7)
	hard6  = hardway(26, 6, 9)
	hard8  = hardway(27, 8, 9)
	hard10 = hardway(28, 10, 7)
)
