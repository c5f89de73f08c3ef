package bitcraps

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// everyWager is the name that stands for all wagers.
const everyWager = "all"

// wagersNamed finds wagers by their names and aliases, each once.
func wagersNamed(names []string) ([]*craps.Wager, error) {
	var wagers []*craps.Wager
	for _, name := range names {
		if name == everyWager {
			return craps.Wagers(), nil
		}
		w := craps.Named(name)
		if w == nil {
			return nil, fmt.Errorf("--wager %s: there is no such wager; the nearest are %s, and all plays every one", name, strings.Join(nearest(name), ", "))
		}
		if !slices.Contains(wagers, w) {
			wagers = append(wagers, w)
		}
	}
	return wagers, nil
}

// nearest are the names of the three wagers that have the name or alias which is the most like this one.
func nearest(name string) []string {
	wagers := craps.Wagers()
	distance := make(map[*craps.Wager]int, len(wagers))
	for _, w := range wagers {
		distance[w] = edits(name, w.Name)
		for _, alias := range w.Aliases {
			distance[w] = min(distance[w], edits(name, alias))
		}
	}
	slices.SortStableFunc(wagers, func(a, b *craps.Wager) int { return cmp.Compare(distance[a], distance[b]) })
	names := make([]string, 3)
	for i := range names {
		names[i] = wagers[i].Name
	}
	return names
}

// edits is how many letters must be put in, taken out or changed to make one word of another (Levenshtein, 1966).
func edits(from, to string) int {
	row := make([]int, len(to)+1) // From what was seen of the one to every beginning of the other.
	for i := range row {
		row[i] = i
	}
	for i := range len(from) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(to) {
			change := corner
			if from[i] != to[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
