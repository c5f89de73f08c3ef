package craps

var evenMoney = []Pay{{On: "win", To: 1, Per: 1}}

var passLine = Wager{
	Code: 0, Name: "pass_line", Title: "Pass line", Aliases: []string{"pass", "passline"},
	Rule:  "Come-out 7 or 11 wins, 2, 3 or 12 loses; any other number must come again before a 7.",
	Place: OnComeOut, Lock: WindowClosed, Pays: evenMoney, Settles: Line,
	Resolve: func(_ Bet, r Roll) Result { return right(r.Before.Point, r.Total) },
}

var dontPass = Wager{
	Code: 1, Name: "dont_pass", Title: "Don't pass", Aliases: []string{"dontpass"},
	Rule:  "Come-out 2 or 3 wins, 7 or 11 loses, 12 pushes; after any other number a 7 must come first.",
	Place: OnComeOut, Lock: Never, Pays: evenMoney, Settles: Line,
	Resolve: func(_ Bet, r Roll) Result { return wrong(r.Before.Point, r.Total) },
}

// right resolves a right bet, which is with the shooter: on a natural first, then on the number before a 7. number is 0 for a bet
// without one.
func right(number, total uint8) Result {
	switch {
	case number == 0 && (total == 7 || total == 11):
		return win(0)
	case number == 0 && (total == 2 || total == 3 || total == 12):
		return lose
	case number != 0 && total == number:
		return win(0)
	case number != 0 && total == 7:
		return lose
	}
	return stay
}

// wrong resolves a wrong bet, which is against the shooter. A 12 on the first roll is barred: it pushes.
func wrong(number, total uint8) Result {
	switch {
	case number == 0 && (total == 2 || total == 3):
		return win(0)
	case number == 0 && total == 12:
		return push
	case number == 0 && (total == 7 || total == 11):
		return lose
	case number != 0 && total == 7:
		return win(0)
	case number != 0 && total == number:
		return lose
	}
	return stay
}
