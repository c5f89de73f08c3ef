package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// family is a group of wagers, which the page shows as one table.
type family struct {
	title, text string
	includes    func(*craps.Wager) bool
	wagers      []*craps.Wager
}

// group puts every wager into its family. A wager in none, or in two, is an error: the page would omit or repeat it.
func group(wagers []*craps.Wager) ([]family, error) {
	families := []family{
		{title: "Line bets", text: "On the shooter or against him. Pass bets begin on the table's come-out, come bets on the roll after they are placed.",
			includes: func(w *craps.Wager) bool {
				return w.Behind == nil && (w.Settles == craps.Line || w.Settles == craps.Pending)
			}},
		{title: "Odds", text: "They stand behind a line bet on its number, pay true odds, and close with it. Their largest stake is a multiple of the line bet.",
			includes: func(w *craps.Wager) bool { return w.Behind != nil }},
		{title: "One-roll bets", text: "Decided by the next roll, whatever it is.", includes: named("field", "next_", "any_craps")},
		{title: "Hardways", text: "On a number as a pair.", includes: named("hard_")},
		{title: "Number bets", text: "On a number and a 7, whichever comes first. Casinos call yes bets buy bets, and no bets lay bets.", includes: named("yes_", "no_", "place_")},
		{title: "Side bets", text: "On more than the next roll and the point. They work on every roll.", includes: func(w *craps.Wager) bool { return w.Settles == craps.Side }},
	}
	for _, w := range wagers {
		matches := 0
		for i := range families {
			if families[i].includes(w) {
				families[i].wagers = append(families[i].wagers, w)
				matches++
			}
		}
		if matches != 1 {
			return nil, fmt.Errorf("%s is in %d families", w.Name, matches)
		}
	}
	return families, nil
}

// named returns a predicate for wagers whose names have one of the prefixes.
func named(prefixes ...string) func(*craps.Wager) bool {
	return func(w *craps.Wager) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(w.Name, prefix) })
	}
}
