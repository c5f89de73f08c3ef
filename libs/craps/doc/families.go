package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// family is a table of the page.
type family struct {
	title, text string
	holds       func(*craps.Wager) bool
	wagers      []*craps.Wager
}

// group puts every wager into its family. One that is in none, or in two, is an error: the page would hide it or repeat it.
func group(wagers []*craps.Wager) ([]family, error) {
	families := []family{
		{title: "Line bets", text: "On the shooter or against him. Pass bets begin on the table's come-out, come bets have the roll behind them as their own.",
			holds: func(w *craps.Wager) bool {
				return w.Behind == nil && (w.Settles == craps.Line || w.Settles == craps.Pending)
			}},
		{title: "Odds", text: "They stand behind a line bet on its number, pay what is fair, and close with it. What they may be staked is a number of times\nthe line bet.",
			holds: func(w *craps.Wager) bool { return w.Behind != nil }},
		{title: "One-roll bets", text: "Decided by the next roll, whatever it is.", holds: named("field", "next_", "any_craps")},
		{title: "Hardways", text: "On a number as a pair.", holds: named("hard_")},
		{title: "Number bets", text: "On a number and a 7, whichever comes first. Casinos call yes bets buy bets, and no bets lay bets.", holds: named("yes_", "no_", "place_")},
		{title: "Side bets", text: "On more than the next roll and the point. They work on every roll.", holds: func(w *craps.Wager) bool { return w.Settles == craps.Side }},
	}
	for _, w := range wagers {
		homes := 0
		for i := range families {
			if families[i].holds(w) {
				families[i].wagers = append(families[i].wagers, w)
				homes++
			}
		}
		if homes != 1 {
			return nil, fmt.Errorf("%s is in %d families", w.Name, homes)
		}
	}
	return families, nil
}

// named holds wagers whose names begin so.
func named(beginnings ...string) func(*craps.Wager) bool {
	return func(w *craps.Wager) bool {
		return slices.ContainsFunc(beginnings, func(beginning string) bool { return strings.HasPrefix(w.Name, beginning) })
	}
}
