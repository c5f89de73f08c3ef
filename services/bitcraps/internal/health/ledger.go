package health

import (
	"fmt"
	"math"
	"time"
)

const (
	driftMetric   = "bitcraps_ledger_drift_tokens"
	checkedMetric = "bitcraps_ledger_checked_timestamp_seconds"
	// stale is the age from which on nobody adds up the ledger any more.
	stale = time.Hour
)

// ledger tells whether the entries add up to zero, as the tables' service last found.
func ledger(answers []answer, now time.Time) Step {
	step := Step{Name: "ledger", Verdict: Skipped, Summary: "nobody has added it up yet; `bitcraps audit` does"}
	worst, latest := 0.0, 0.0
	for _, a := range answers {
		for _, drift := range a.after.Values(driftMetric) {
			if math.Abs(drift) >= math.Abs(worst) {
				worst = drift
			}
		}
		for _, checked := range a.after.Values(checkedMetric) {
			latest = max(latest, checked)
		}
	}
	if latest == 0 {
		return step
	}
	checked := time.Unix(int64(latest), 0)
	step.Columns = []string{"DRIFT", "CHECKED"}
	step.Rows = [][]string{{fmt.Sprintf("%.0f tokens", worst), checked.UTC().Format(time.DateTime)}}
	switch {
	case worst != 0:
		step.Verdict, step.Summary = Failing, fmt.Sprintf("it is off by %.0f tokens; see what with `bitcraps audit`", worst)
	case now.Sub(checked) > stale:
		step.Verdict, step.Summary = Degraded, fmt.Sprintf("nobody has added it up for %s", now.Sub(checked).Round(time.Minute))
	default:
		step.Verdict, step.Summary = OK, "the entries add up to zero"
	}
	return step
}
