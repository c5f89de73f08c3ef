package craps

// Twice hard is on a number being rolled twice as a pair.
var twiceHard = Wager{
	Code: 35, Name: "twice_hard", Title: "Twice hard",
	Rule:  "4, 6, 8 or 10 must come as a pair twice, without coming another way in between, before a 7.",
	Place: OnlySince7, Lock: WindowClosed, Pays: []Pay{{On: "the second pair", To: 14, Per: 1}}, Settles: Side,
	RelevantState: func(s State) State { return State{Since7: Since7{Hard: s.Since7.Hard}} },
	Resolve: func(_ Bet, r Roll) Result {
		switch {
		case r.Total == 7:
			return lose
		case r.Dice.Hard() && r.Before.Since7.Hard&hard(r.Total) != 0:
			return win(0)
		}
		return stay
	},
}
