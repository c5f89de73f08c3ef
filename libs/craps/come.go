package craps

// Come bets are line bets whose come-out is the roll after they are placed; a point number on it becomes theirs.

var come = Wager{
	Code: 2, Name: "come", Title: "Come",
	Place: OnPoint, Pays: evenMoney, Settles: Pending,
	Locked: func(b Bet, _ State) bool { return b.Number != 0 },
	Resolve: func(b Bet, _ State, d Dice) Result {
		return travelling(b, d, right(b.Number, d.Total()))
	},
}

var dontCome = Wager{
	Code: 3, Name: "dont_come", Title: "Don't come", Aliases: []string{"dontcome"},
	Place: OnPoint, Pays: evenMoney, Settles: Pending,
	Resolve: func(b Bet, _ State, d Dice) Result {
		return travelling(b, d, wrong(b.Number, d.Total()))
	},
}

// travelling moves a bet that the first roll did not decide to its number.
func travelling(b Bet, d Dice, result Result) Result {
	if b.Number == 0 && result.Outcome == Stay {
		return Result{Outcome: Travel, Number: d.Total()}
	}
	return result
}
