package craps

import "fmt"

// Place bets win when their number comes before a 7, for less than its true odds.

func place(code uint16, number uint8, to, per int64) Wager {
	return Wager{
		Code: code, Name: fmt.Sprintf("place_%d", number), Title: fmt.Sprintf("Place %d", number),
		Place: AnyTime, Pays: []Pay{{On: fmt.Sprint(number), To: to, Per: per}}, OffOnComeOut: true, Settles: Numbers,
		Resolve: func(b Bet, s State, d Dice) Result {
			switch {
			case s.ComeOut() && !b.Working:
				return stay
			case d.Total() == number:
				return win(0)
			case d.Total() == 7:
				return lose
			}
			return stay
		},
	}
}

var (
	place4  = place(64, 4, 9, 5)
	place5  = place(65, 5, 7, 5)
	place6  = place(66, 6, 7, 6)
	place8  = place(67, 8, 7, 6)
	place9  = place(68, 9, 7, 5)
	place10 = place(69, 10, 9, 5)
)

// Hardways win when their number comes as a pair before it comes any other way and before a 7.

func hardway(code uint16, number uint8, to int64) Wager {
	return Wager{
		Code: code, Name: fmt.Sprintf("hard_%d", number), Title: fmt.Sprintf("Hard %d", number),
		Aliases: []string{fmt.Sprintf("hardway_%d", number)},
		Place:   AnyTime, Pays: []Pay{{On: "pair", To: to, Per: 1}}, OffOnComeOut: true, Settles: Numbers,
		Resolve: func(b Bet, s State, d Dice) Result {
			switch {
			case s.ComeOut() && !b.Working:
				return stay
			case d.Total() == number && d.Hard():
				return win(0)
			case d.Total() == number, d.Total() == 7:
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
