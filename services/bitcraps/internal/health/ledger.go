package health

import (
	"fmt"
	"math"
	"time"
)

const (
	driftMetric   = "bitcraps_ledger_drift_tokens"
	checkedMetric = "bitcraps_ledger_checked_timestamp_seconds"
	// staleAfter is the age of the last check above which the ledger counts as unchecked.
	staleAfter = time.Hour
)

// ledger is step 9: whether all balances add up to zero, as of the game service's last census.
func ledger(snapshots []snapshot, now time.Time) Step {
	step := Step{Name: "ledger", Verdict: Skipped, Summary: "it has not been checked yet"}
	worst, latest := 0.0, 0.0
	for _, a := range snapshots {
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
		step.Verdict, step.Summary = Failing, fmt.Sprintf("it is off by %.0f tokens; `bitcraps audit` shows where", worst)
	case now.Sub(checked) > staleAfter:
		step.Verdict, step.Summary = Degraded, fmt.Sprintf("it has not been checked for %s", now.Sub(checked).Round(time.Minute))
	default:
		step.Verdict, step.Summary = OK, "the balances add up to zero"
	}
	return step
}
