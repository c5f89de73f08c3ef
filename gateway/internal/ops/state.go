package ops

import (
	"cmp"
	"slices"

	"github.com/bitcraps/bitcraps/libs/metrics"
)

// State is the platform's current state.
type State struct {
	Services   []Service   `json:"services"`
	Validators []Validator `json:"validators"`
	Rounds     []Round     `json:"rounds"`
	// Started is when the process started, in Unix seconds.
	Started float64 `json:"started"`
	Totals  Totals  `json:"totals"`
	// Fairness is missing if the process does not measure it.
	Fairness *Fairness `json:"fairness,omitempty"`
}

// Totals are counts since the process started.
type Totals struct {
	Requests float64 `json:"requests"`
	Bets     float64 `json:"bets"`
	Rolls    float64 `json:"rolls"`
}

// Fairness reports the distribution of the dice, and whether the ledger balances.
type Fairness struct {
	ChiSquare float64 `json:"chi_square"`
	Rolls     float64 `json:"rolls"` // In the window over which ChiSquare is computed.
	Drift     float64 `json:"drift_tokens"`
	Checked   float64 `json:"checked"` // When the ledger was checked, in Unix seconds.
}

// maxLag is how many blocks a validator may be behind for its report of absences to count, as in `bitcraps health` and in the alert
// Validator_Absent.
const maxLag = 10

// Validator reports a validator's participation as seen by itself and by the others.
type Validator struct {
	Name      string  `json:"name"`
	Running   bool    `json:"running"`
	Height    float64 `json:"height"`
	Connected float64 `json:"connected"`
	Absence   float64 `json:"absence"`
	Faults    float64 `json:"faults"` // Invalid shares and proposals, and equivocations.
}

func stateOf(f metrics.Families) State {
	sum := func(name string) float64 { value, _ := f.Sum(name, nil); return value }
	s := State{Validators: validatorsOf(f), Started: sum("process_start_time_seconds"),
		Totals: Totals{Requests: countRequests(f).all, Bets: sum(betsMetric), Rolls: sum(rollsMetric)}}
	chi, measured := f.Sum("bitcraps_dice_chi_square", nil)
	drift, checked := f.Sum("bitcraps_ledger_drift_tokens", nil)
	if measured || checked {
		s.Fairness = &Fairness{ChiSquare: chi, Rolls: sum("bitcraps_dice_window_rolls"), Drift: drift, Checked: sum("bitcraps_ledger_checked_timestamp_seconds")}
	}
	return s
}

// validatorsOf combines what each validator reports about itself with what it reports about the others. Replica N runs validator-N.
func validatorsOf(f metrics.Families) []Validator {
	all := map[string]*Validator{}
	of := func(name string) *Validator {
		if all[name] == nil {
			all[name] = &Validator{Name: name}
		}
		return all[name]
	}
	best := 0.0
	for labels, height := range f.Values("bitcraps_consensus_height") {
		v := of("validator-" + labels["replica"])
		v.Running, v.Height, best = true, height, max(best, height)
	}
	for labels, n := range f.Values("bitcraps_consensus_validators_connected") {
		of("validator-" + labels["replica"]).Connected = n
	}
	for labels, ratio := range f.Values("bitcraps_consensus_absence_ratio") {
		v := of(labels["validator"])
		// Whoever is behind reports the absences of its own latest blocks. Of the others, the one that has seen the most blocks is right.
		if best-of("validator-"+labels["replica"]).Height <= maxLag {
			v.Absence = max(v.Absence, ratio)
		}
	}
	for _, fault := range []string{"invalid_shares", "invalid_proposals", "equivocations"} {
		most := map[string]float64{} // Every validator counts the same faults.
		for labels, n := range f.Values("bitcraps_consensus_" + fault + "_total") {
			most[labels["validator"]] = max(most[labels["validator"]], n)
		}
		for name, n := range most {
			of(name).Faults += n
		}
	}
	out := make([]Validator, 0, len(all))
	for _, v := range all {
		out = append(out, *v)
	}
	slices.SortFunc(out, func(a, b Validator) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
