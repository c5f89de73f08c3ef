package craps

var evenMoney = []Pay{{On: "win", To: 1, Per: 1}}

var passLine = Wager{
	Code: 0, Name: "pass_line", Title: "Pass line", Aliases: []string{"pass", "passline"},
	Place: OnComeOut, Pays: evenMoney, Settles: Line,
	Locked: func(_ Bet, s State) bool { return !s.ComeOut() },
	Resolve: func(_ Bet, s State, d Dice) Result {
		return right(s.Point, d.Total())
	},
}

var dontPass = Wager{
	Code: 1, Name: "dont_pass", Title: "Don't pass", Aliases: []string{"dontpass"},
	Place: OnComeOut, Pays: evenMoney, Settles: Line,
	Resolve: func(_ Bet, s State, d Dice) Result {
		return wrong(s.Point, d.Total())
	},
}

// right bets with the shooter: on naturals first, then on the number before a 7. number is 0 for a bet without one.
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

// wrong bets against the shooter. The 12 on the first roll is barred: it pushes.
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
