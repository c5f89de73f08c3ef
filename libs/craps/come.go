package craps

// Come bets are line bets whose come-out is the roll after they are placed; a point number on it becomes theirs.

var come = Wager{
	Code: 2, Name: "come", Title: "Come",
	Rule:  "The next roll is its come-out: 7 or 11 wins, 2, 3 or 12 loses; any other number becomes its own and must come again before a 7.",
	Place: OnPoint, Lock: OnNumber, Pays: evenMoney, Settles: Pending,
	Resolve: func(b Bet, r Roll) Result { return travel(b, r, right(b.Number, r.Total)) },
}

var dontCome = Wager{
	Code: 3, Name: "dont_come", Title: "Don't come", Aliases: []string{"dontcome"},
	Rule:  "The next roll is its come-out: 2 or 3 wins, 7 or 11 loses, 12 pushes; any other number becomes its own, and a 7 must come first.",
	Place: OnPoint, Lock: Never, Pays: evenMoney, Settles: Pending,
	Resolve: func(b Bet, r Roll) Result { return travel(b, r, wrong(b.Number, r.Total)) },
}

// travel moves a bet to its number if its first roll did not decide it; otherwise it returns the result.
func travel(b Bet, r Roll, result Result) Result {
	if b.Number == 0 && result.Outcome == Stay {
		return Result{Outcome: Travel, Number: r.Total}
	}
	return result
}
