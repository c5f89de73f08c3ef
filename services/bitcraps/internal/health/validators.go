package health

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/metrics"
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

// absenceReport is the part of the latest blocks that one validator says another has missed, or it itself.
type absenceReport struct {
	reporter, validator string
	ratio               float64
}

// validators is step 8: which validators are behind or miss blocks, and whether those that answer are a quorum.
func validators(snapshots []snapshot) Step {
	step := Step{Name: "validators", Verdict: OK, Columns: []string{"VALIDATOR", "HEIGHT", "BEHIND"}}
	var heights []validatorHeight
	var reports []absenceReport
	best := 0.0
	for _, a := range snapshots {
		for labels, height := range a.after.Values(heightMetric) {
			heights, best = append(heights, validatorHeight{validatorName(a, labels), height}), max(best, height)
		}
		for labels, ratio := range a.after.Values(absenceMetric) {
			reports = append(reports, absenceReport{validatorName(a, labels), labels["validator"], ratio})
		}
	}
	known := len(slices.DeleteFunc(slices.Clone(snapshots), func(a snapshot) bool { return a.Service != identity.Consensus }))
	if len(heights) == 0 && known == 0 {
		step.Verdict, step.Summary = Skipped, "no validator exports metrics"
		return step
	}
	slices.SortFunc(heights, func(a, b validatorHeight) int { return strings.Compare(a.name, b.name) })
	lagging := map[string]bool{}
	for _, s := range heights {
		if best-s.height > maxLag {
			lagging[s.name] = true
		}
		step.Rows = append(step.Rows, []string{s.name, fmt.Sprintf("%.0f", s.height), fmt.Sprintf("%.0f", best-s.height)})
	}
	absences := absencesBy(reports, lagging)
	step.setVerdict(max(known, len(heights), len(absences)), len(heights), len(lagging), absences)
	return step
}

// validatorName names the validator that exports a metric with these labels.
func validatorName(a snapshot, labels metrics.Labels) string {
	if a.Service != identity.Consensus { // Several validators in one process.
		return identity.Consensus + "-" + labels["replica"]
	}
	return a.Name
}

// absencesBy returns each validator's absence. A validator that is behind reports the absences of its own latest blocks, so it is left out:
// it may count itself as present, and others as absent that have returned. Of the rest the greatest value counts: a validator that has
// just started has seen few blocks, and counts those before as signed. The alert Validator_Absent (deploy/slo/slo.yaml) counts the same way.
func absencesBy(reports []absenceReport, lagging map[string]bool) map[string]float64 {
	absences := map[string]float64{}
	for _, r := range reports {
		if !lagging[r.reporter] {
			absences[r.validator] = max(absences[r.validator], r.ratio)
		}
	}
	return absences
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
