package craps

// The bonus bets win when every total of a set is rolled before a 7.

func bonus(code uint16, name, title, totalsText string, to int64, totals ...uint8) Wager {
	return Wager{
		Code: code, Name: name, Title: title,
		Rule:  totalsText + " must all come before a 7.",
		Place: OnlySince7, Lock: WindowClosed, Pays: []Pay{{On: "all of them", To: to, Per: 1}}, Settles: Side,
		RelevantState: func(s State) State { return State{Since7: Since7{Totals: s.Since7.Totals.Only(1, totals...)}} },
		Resolve: func(_ Bet, r Roll) Result {
			if r.Total == 7 {
				return lose
			}
			for _, total := range totals {
				if r.After.Since7.Totals.Of(total) == 0 {
					return stay
				}
			}
			return win(0)
		},
	}
}

var (
	bonusSmall = bonus(38, "bonus_small", "Bonus small", "2, 3, 4, 5 and 6", 30, 2, 3, 4, 5, 6)
	bonusTall  = bonus(39, "bonus_tall", "Bonus tall", "8, 9, 10, 11 and 12", 30, 8, 9, 10, 11, 12)
	bonusAll   = bonus(40, "bonus_all", "Bonus all", "2 to 6 and 8 to 12", 150, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12)
)
