package craps

// Odds pay the true odds of their number, so they have no edge. They are limited to 3, 4 or 5 times the flat bet, so that a win never
// pays more than six times the flat bet.

var (
	takeOdds = []Pay{{On: "4, 10", To: 2, Per: 1}, {On: "5, 9", To: 3, Per: 2}, {On: "6, 8", To: 6, Per: 5}}
	layOdds  = []Pay{{On: "4, 10", To: 1, Per: 2}, {On: "5, 9", To: 2, Per: 3}, {On: "6, 8", To: 5, Per: 6}}

	takeLimits = []int64{3, 4, 5}
	layLimits  = []int64{6, 6, 6}
)

// oddsLine returns the line of an odds pay table for a number.
func oddsLine(number uint8) int {
	switch number {
	case 4, 10:
		return 0
	case 5, 9:
		return 1
	}
	return 2
}

var oddsPass = Wager{
	Code: 29, Name: "odds_pass", Title: "Odds on the pass line", Aliases: []string{"pass_odds"},
	Rule:  "The point before a 7 wins.",
	Place: WithFlat, Lock: Never, Behind: &passLine, Pays: takeOdds, MaxOdds: takeLimits, Settles: Line,
	Resolve: takeNumber,
}

var oddsDontPass = Wager{
	Code: 30, Name: "odds_dont_pass", Title: "Odds on don't pass", Aliases: []string{"dont_pass_odds"},
	Rule:  "A 7 before the point wins.",
	Place: WithFlat, Lock: Never, Behind: &dontPass, Pays: layOdds, MaxOdds: layLimits, Settles: Line,
	Resolve: layNumber,
}

var oddsCome = Wager{
	Code: 31, Name: "odds_come", Title: "Odds on come", Aliases: []string{"come_odds"},
	Rule:  "The come bet's number before a 7 wins; on a come-out roll that decides the come bet they push, unless they are working.",
	Place: WithFlat, Lock: Never, Behind: &come, Pays: takeOdds, MaxOdds: takeLimits, OffOnComeOut: true, Settles: Established,
	Resolve: func(b Bet, r Roll) Result {
		result := takeNumber(b, r)
		if off(b, r) && result.Outcome != Stay {
			return push // The flat bet is decided, and odds that are off are returned with it.
		}
		return result
	},
}

var oddsDontCome = Wager{
	Code: 32, Name: "odds_dont_come", Title: "Odds on don't come", Aliases: []string{"dont_come_odds"},
	Rule:  "A 7 before the don't come bet's number wins.",
	Place: WithFlat, Lock: Never, Behind: &dontCome, Pays: layOdds, MaxOdds: layLimits, Settles: Established,
	Resolve: layNumber,
}

// takeNumber wins when the bet's number comes before a 7.
func takeNumber(b Bet, r Roll) Result {
	switch r.Total {
	case b.Number:
		return win(oddsLine(b.Number))
	case 7:
		return lose
	}
	return stay
}

// layNumber wins when a 7 comes before the bet's number.
func layNumber(b Bet, r Roll) Result {
	switch r.Total {
	case 7:
		return win(oddsLine(b.Number))
	case b.Number:
		return lose
	}
	return stay
}
