package craps

// The fire bet is on how many different points one hand makes.
var fire = Wager{
	Code: 34, Name: "fire", Title: "Fire",
	Rule:  "When the shooter sevens out, four or more different points made in the hand win.",
	Place: OnNewHand, Lock: WindowClosed, Settles: Side,
	Pays:          []Pay{{On: "4 points", To: 24, Per: 1}, {On: "5 points", To: 249, Per: 1}, {On: "6 points", To: 999, Per: 1}},
	RelevantState: func(s State) State { return State{Point: s.Point, Hand: Hand{Made: s.Hand.Made.Once()}} },
	Resolve: func(_ Bet, r Roll) Result {
		if r.Call != SevenOut {
			return stay
		}
		if points := r.Before.Hand.Made.Distinct(); points >= 4 {
			return win(points - 4)
		}
		return lose
	},
}
