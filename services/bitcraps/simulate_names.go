package bitcraps

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// allWagers is the name that selects every wager.
const allWagers = "all"

// findWagers finds wagers by their names and aliases, each once.
func findWagers(names []string) ([]*craps.Wager, error) {
	var wagers []*craps.Wager
	for _, name := range names {
		if name == allWagers {
			return craps.Wagers(), nil
		}
		w := craps.ByName(name)
		if w == nil {
			return nil, fmt.Errorf("--wager %s: there is no such wager; the closest are %s; all plays every wager", name, strings.Join(closestWagers(name), ", "))
		}
		if !slices.Contains(wagers, w) {
			wagers = append(wagers, w)
		}
	}
	return wagers, nil
}

// closestWagers returns the names of the three wagers whose names or aliases are most similar to a name.
func closestWagers(name string) []string {
	wagers := craps.Wagers()
	distance := make(map[*craps.Wager]int, len(wagers))
	for _, w := range wagers {
		distance[w] = editDistance(name, w.Name)
		for _, alias := range w.Aliases {
			distance[w] = min(distance[w], editDistance(name, alias))
		}
	}
	slices.SortStableFunc(wagers, func(a, b *craps.Wager) int { return cmp.Compare(distance[a], distance[b]) })
	names := make([]string, 3)
	for i := range names {
		names[i] = wagers[i].Name
	}
	return names
}

// editDistance is the number of letters to insert, delete or replace to turn one word into another (Levenshtein, 1966).
func editDistance(from, to string) int {
	row := make([]int, len(to)+1) // The distances from the processed prefix of from to every prefix of to.
	for i := range row {
		row[i] = i
	}
	for i := range len(from) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(to) {
			change := diagonal
			if from[i] != to[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
