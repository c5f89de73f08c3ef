package health

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bitcraps/bitcraps/libs/identity"
)

const (
	heightMetric = "bitcraps_consensus_height"
	// absenceMetric has one series for each validator of the chain, including those that do not run.
	absenceMetric = "bitcraps_consensus_absence_ratio"
	// maxLag is how many blocks a healthy validator may be behind when it is queried.
	maxLag = 10
	// maxAbsence is the share of the latest blocks that a healthy validator may have missed: a quorum does not wait for the slowest.
	maxAbsence = 0.5
)

// validatorHeight is a validator that answered, and its height.
type validatorHeight struct {
	name   string
	height float64
}

// validators is step 8: which validators are behind or miss blocks, and whether those that answer are a quorum.
func validators(snapshots []snapshot) Step {
	step := Step{Name: "validators", Verdict: OK, Columns: []string{"VALIDATOR", "HEIGHT", "BEHIND"}}
	var heights []validatorHeight
	absences := map[string]float64{}
	best := 0.0
	for _, a := range snapshots {
		for labels, height := range a.after.Values(heightMetric) {
			name := a.Name
			if a.Service != identity.Consensus { // Several validators in one process.
				name = identity.Consensus + "-" + labels["replica"]
			}
			heights, best = append(heights, validatorHeight{name, height}), max(best, height)
		}
		for labels, ratio := range a.after.Values(absenceMetric) {
			// A validator that is behind itself sees others as absent, so the least of the reported values counts.
			if known, ok := absences[labels["validator"]]; !ok || ratio < known {
				absences[labels["validator"]] = ratio
			}
		}
	}
	known := len(slices.DeleteFunc(slices.Clone(snapshots), func(a snapshot) bool { return a.Service != identity.Consensus }))
	if len(heights) == 0 && known == 0 {
		step.Verdict, step.Summary = Skipped, "no validator exports metrics"
		return step
	}
	slices.SortFunc(heights, func(a, b validatorHeight) int { return strings.Compare(a.name, b.name) })
	lagging := 0
	for _, s := range heights {
		if best-s.height > maxLag {
			lagging++
		}
		step.Rows = append(step.Rows, []string{s.name, fmt.Sprintf("%.0f", s.height), fmt.Sprintf("%.0f", best-s.height)})
	}
	step.setVerdict(max(known, len(heights), len(absences)), len(heights), lagging, absences)
	return step
}

// setVerdict compares the validators that answer with all n that exist.
func (s *Step) setVerdict(n, answering, lagging int, absences map[string]float64) {
	quorum := n - (n-1)/3
	s.Summary = fmt.Sprintf("%d of %d answer; a quorum is %d", answering, n, quorum)
	var missing []string
	for name, ratio := range absences {
		if ratio > maxAbsence {
			missing = append(missing, fmt.Sprintf("%s missed %.0f %% of the latest blocks, which are produced only while somebody plays", name, 100*ratio))
		}
	}
	slices.Sort(missing)
	if lagging > 0 {
		s.Summary += fmt.Sprintf("; %d more than %d blocks behind", lagging, maxLag)
	}
	if len(missing) > 0 {
		s.Summary += "; " + strings.Join(missing, ", ")
	}
	switch {
	case answering-lagging < quorum:
		s.Verdict = Failing
	case answering < n || lagging > 0 || len(missing) > 0:
		s.Verdict = Degraded
	}
}
