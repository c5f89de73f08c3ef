package craps

// Muggsy is on a 7 on the come-out, or on the roll right after a point is set.
var muggsy = Wager{
	Code: 37, Name: "muggsy", Title: "Muggsy",
	Rule:  "Come-out 7 wins; if a point is set instead, a 7 on the very next roll wins. Anything else loses.",
	Place: OnComeOut, Lock: WindowClosed, Settles: Side,
	Pays: []Pay{{On: "come-out 7", To: 2, Per: 1}, {On: "7 right behind the point", To: 3, Per: 1}},
	Resolve: func(_ Bet, r Roll) Result {
		switch {
		case r.Before.ComeOut() && r.Total == 7:
			return win(0)
		case r.Call == PointSet:
			return stay
		case !r.Before.ComeOut() && r.Total == 7:
			return win(1)
		}
		return lose
	},
}
