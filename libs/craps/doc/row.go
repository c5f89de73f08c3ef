package main

import (
	"fmt"
	"strings"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/edge"
)

// long reports whether a fraction would make the table too wide; such fractions are listed at the end of the page.
func long(fraction string) bool { return len(fraction) > 24 }

// row returns the cells of a wager.
func row(w *craps.Wager) []string {
	exact := edge.Table()[w.Code]
	fraction := exact.RatString()
	if long(fraction) {
		fraction = "[below](#long-fractions)"
	}
	share, _ := exact.Float64()
	return []string{fmt.Sprint(w.Code), code(w.Name), aliases(w), w.Rule, code(string(w.Place)), code(string(w.Lock)), comeOut(w), pays(w),
		multiples(w), commission(w), fraction, fmt.Sprintf("%.3f", 100*share)}
}

func code(text string) string { return "`" + text + "`" }

func aliases(w *craps.Wager) string {
	quoted := make([]string, len(w.Aliases))
	for i, alias := range w.Aliases {
		quoted[i] = code(alias)
	}
	return strings.Join(quoted, ", ")
}

func comeOut(w *craps.Wager) string {
	switch {
	case w.OffOnComeOut:
		return "off"
	case w.Place == craps.WithFlat && w.Settles == craps.Line:
		return "-" // While there are line odds, a point is set.
	}
	return "working"
}

func pays(w *craps.Wager) string {
	if len(w.Pays) == 1 {
		return fmt.Sprintf("%d to %d", w.Pays[0].To, w.Pays[0].Per)
	}
	lines := make([]string, len(w.Pays))
	for i, pay := range w.Pays {
		lines[i] = fmt.Sprintf("%s: %d to %d", pay.On, pay.To, pay.Per)
	}
	return strings.Join(lines, "<br>")
}

// multiples describes the stakes that are accepted. For odds, the multiple and the maximum depend on the number.
func multiples(w *craps.Wager) string {
	if w.Behind == nil {
		return fmt.Sprint(w.Multiple(0))
	}
	lines := make([]string, len(w.Pays))
	for i, pay := range w.Pays {
		lines[i] = fmt.Sprintf("%s: %d, up to %d times the flat bet", pay.On, pay.Per, w.MaxOdds[i])
	}
	return strings.Join(lines, "<br>")
}

func commission(w *craps.Wager) string {
	switch w.Commission {
	case craps.OnStake:
		return "5 % of the stake"
	case craps.OnWin:
		return "5 % of the possible win"
	}
	return "-"
}
