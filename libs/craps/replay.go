package craps

// Replay is on one point being made several times in a hand. Its pay lines are tried in order, from the highest.
var replay = Wager{
	Code: 41, Name: "replay", Title: "Replay",
	Rule:  "When the shooter sevens out, a point that was made three or more times in the hand wins; the best one pays.",
	Place: OnNewHand, Lock: WindowClosed, Settles: Side,
	Pays: []Pay{{On: "4 or 10, 4 times", To: 1000, Per: 1}, {On: "5 or 9, 4 times", To: 500, Per: 1}, {On: "4 or 10, 3 times", To: 120, Per: 1},
		{On: "6 or 8, 4 times", To: 100, Per: 1}, {On: "5 or 9, 3 times", To: 95, Per: 1}, {On: "6 or 8, 3 times", To: 70, Per: 1}},
	RelevantState: func(s State) State { return State{Point: s.Point, Hand: Hand{Made: replayable(s.Hand.Made)}} },
	Resolve: func(_ Bet, r Roll) Result {
		if r.Call != SevenOut {
			return stay
		}
		if line := replayLine(r.Before.Hand.Made); line < len(replayTiers) {
			return win(line)
		}
		return lose
	},
}

// replayTiers are the requirements of the pay lines.
var replayTiers = [...]struct {
	low, high uint8
	times     int
}{{4, 10, 4}, {5, 9, 4}, {4, 10, 3}, {6, 8, 4}, {5, 9, 3}, {6, 8, 3}}

// replayLine returns the best pay line that was reached, or len(replayTiers) if none was.
func replayLine(made Made) int {
	for line, tier := range replayTiers {
		if made.Of(tier.low) >= tier.times || made.Of(tier.high) >= tier.times {
			return line
		}
	}
	return len(replayTiers)
}

// replayable drops the counts of points that can't reach a better line than was reached. That merges most states of a long hand.
func replayable(made Made) Made {
	var out Made
	for _, tier := range replayTiers[:min(replayLine(made)+1, len(replayTiers))] {
		out |= made.only(tier.low) | made.only(tier.high)
	}
	return out
}
