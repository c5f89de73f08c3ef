package craps

// combinations are the ways in which each point number can be rolled.
var combinations = [6]Pairs{
	Pair(1, 3) | Pair(2, 2), Pair(1, 4) | Pair(2, 3), Pair(1, 5) | Pair(2, 4) | Pair(3, 3),
	Pair(2, 6) | Pair(3, 5) | Pair(4, 4), Pair(3, 6) | Pair(4, 5), Pair(4, 6) | Pair(5, 5),
}

// Hot roller is on how many point numbers are rolled in every combination before a 7.
var hotRoller = Wager{
	Code: 33, Name: "hot_roller", Title: "Hot roller",
	Rule:  "When a 7 comes, two or more point numbers that were rolled in every combination of the dice win.",
	Place: OnlySince7, Lock: WindowClosed, Settles: Side,
	Pays: []Pay{{On: "2 numbers", To: 5, Per: 1}, {On: "3 numbers", To: 10, Per: 1}, {On: "4 numbers", To: 20, Per: 1},
		{On: "5 numbers", To: 50, Per: 1}, {On: "6 numbers", To: 200, Per: 1}},
	RelevantState: func(s State) State {
		seen := Pairs(0)
		for _, ways := range combinations {
			seen |= s.Since7.Pairs & ways
		}
		return State{Since7: Since7{Pairs: seen}}
	},
	Resolve: func(_ Bet, r Roll) Result {
		if r.Total != 7 {
			return stay
		}
		complete := 0
		for _, ways := range combinations {
			if r.Before.Since7.Pairs&ways == ways {
				complete++
			}
		}
		if complete >= 2 {
			return win(complete - 2)
		}
		return lose
	},
}
