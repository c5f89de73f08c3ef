package craps

// Ride the line is on how often the pass line wins in one hand.
var rideLine = Wager{
	Code: 36, Name: "ride_line", Title: "Ride the line",
	Rule:  "When the shooter sevens out, three or more wins of the pass line in the hand win: come-out 7 and 11, and points made.",
	Place: OnNewHand, Lock: WindowClosed, Settles: Side,
	Pays: []Pay{{On: "3 wins", To: 1, Per: 1}, {On: "4 wins", To: 2, Per: 1}, {On: "5 wins", To: 3, Per: 1}, {On: "6 wins", To: 6, Per: 1},
		{On: "7 wins", To: 10, Per: 1}, {On: "8 wins", To: 20, Per: 1}, {On: "9 wins", To: 30, Per: 1}, {On: "10 wins", To: 40, Per: 1},
		{On: "11 or more wins", To: 100, Per: 1}},
	RelevantState: func(s State) State { return State{Point: s.Point, Hand: Hand{Wins: s.Hand.Wins}} },
	Resolve: func(_ Bet, r Roll) Result {
		if r.Call != SevenOut {
			return stay
		}
		if wins := int(r.Before.Hand.Wins); wins >= 3 {
			return win(wins - 3)
		}
		return lose
	},
}
