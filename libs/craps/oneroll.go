package craps

// One-roll bets are decided by the next roll, whatever it is.

var field = Wager{
	Code: 4, Name: "field", Title: "Field",
	Place: AnyTime, Pays: []Pay{{On: "2, 12", To: 2, Per: 1}, {On: "3, 4, 9, 10, 11", To: 1, Per: 1}}, Settles: Numbers,
	Resolve: func(_ Bet, _ State, d Dice) Result {
		switch d.Total() {
		case 2, 12:
			return win(0)
		case 3, 4, 9, 10, 11:
			return win(1)
		}
		return lose
	},
}

var next7 = Wager{
	Code: 48, Name: "next_7", Title: "Any seven", Aliases: []string{"any_7", "any_seven"},
	Place: AnyTime, Pays: []Pay{{On: "7", To: 4, Per: 1}}, Settles: Numbers,
	Resolve: func(_ Bet, _ State, d Dice) Result {
		if d.Total() == 7 {
			return win(0)
		}
		return lose
	},
}

var anyCraps = Wager{
	Code: 70, Name: "any_craps", Title: "Any craps",
	Place: AnyTime, Pays: []Pay{{On: "2, 3, 12", To: 7, Per: 1}}, Settles: Numbers,
	Resolve: func(_ Bet, _ State, d Dice) Result {
		switch d.Total() {
		case 2, 3, 12:
			return win(0)
		}
		return lose
	},
}
