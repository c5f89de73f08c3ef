package health

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bitcraps/bitcraps/libs/identity"
)

const (
	heightMetric = "bitcraps_consensus_height"
	// absenceMetric has one series for each validator of the chain, those that do not run included.
	absenceMetric = "bitcraps_consensus_absence_ratio"
	// behind is how many blocks a validator that is well may lack while it is asked.
	behind = 10
	// absent is how much of the latest blocks a validator that is well may have missed: a quorum does not wait for the slowest.
	absent = 0.5
)

// seat is a validator that answers.
type seat struct {
	name   string
	height float64
}

// validators tells who is behind, who misses blocks, and whether those who answer are a quorum.
func validators(answers []answer) Step {
	step := Step{Name: "validators", Verdict: OK, Columns: []string{"VALIDATOR", "HEIGHT", "BEHIND"}}
	var seats []seat
	absence := map[string]float64{}
	best := 0.0
	for _, a := range answers {
		for labels, height := range a.after.Values(heightMetric) {
			name := a.Name
			if a.Service != identity.Consensus { // Several in one process.
				name = identity.Consensus + "-" + labels["replica"]
			}
			seats, best = append(seats, seat{name, height}), max(best, height)
		}
		for labels, ratio := range a.after.Values(absenceMetric) {
			// One that is behind itself believes others absent: most believe the least.
			if known, ok := absence[labels["validator"]]; !ok || ratio < known {
				absence[labels["validator"]] = ratio
			}
		}
	}
	known := len(slices.DeleteFunc(slices.Clone(answers), func(a answer) bool { return a.Service != identity.Consensus }))
	if len(seats) == 0 && known == 0 {
		step.Verdict, step.Summary = Skipped, "no validator shows its metrics"
		return step
	}
	slices.SortFunc(seats, func(a, b seat) int { return strings.Compare(a.name, b.name) })
	late := 0
	for _, s := range seats {
		if best-s.height > behind {
			late++
		}
		step.Rows = append(step.Rows, []string{s.name, fmt.Sprintf("%.0f", s.height), fmt.Sprintf("%.0f", best-s.height)})
	}
	step.judge(max(known, len(seats), len(absence)), len(seats), late, absence)
	return step
}

// judge holds the validators that answer against all n that there are.
func (s *Step) judge(n, answering, late int, absence map[string]float64) {
	quorum := n - (n-1)/3
	s.Summary = fmt.Sprintf("%d of %d answer; a quorum is %d", answering, n, quorum)
	var missing []string
	for name, ratio := range absence {
		if ratio > absent {
			missing = append(missing, fmt.Sprintf("%s missed %.0f %% of the latest blocks, which are made only while somebody plays", name, 100*ratio))
		}
	}
	slices.Sort(missing)
	if late > 0 {
		s.Summary += fmt.Sprintf("; %d more than %d blocks behind", late, behind)
	}
	if len(missing) > 0 {
		s.Summary += "; " + strings.Join(missing, ", ")
	}
	switch {
	case answering-late < quorum:
		s.Verdict = Failing
	case answering < n || late > 0 || len(missing) > 0:
		s.Verdict = Degraded
	}
}
