package remedy

// Plan is what a rule would have done to a target, for people.
type Plan struct {
	Alert  string
	Action Action
	Target string
	What   string
}

// Plans are what all rules would have done by the executor; a rule without a target, or whose action the executor can't do, says so.
func (r *Remedy) Plans() (plans []Plan) {
	for _, rule := range r.policy.Rules {
		found := false
		for _, t := range r.policy.Targets {
			if t.Executor != r.executor.Name() || !rule.means(t, t.Labels) || !fits(rule.Labels, t.Labels) {
				continue
			}
			what, err := r.executor.Describe(rule.Action, t)
			if err != nil {
				what = "nothing: " + err.Error()
			}
			plans, found = append(plans, Plan{rule.Alert, rule.Action, t.Name, what}), true
		}
		if !found {
			plans = append(plans, Plan{rule.Alert, rule.Action, "", "nothing: there is no target for executor " + r.executor.Name()})
		}
	}
	return plans
}

// fits reports whether a target's labels contradict none that a rule wants.
func fits(want, have map[string]string) bool {
	for label, value := range want {
		if have[label] != "" && have[label] != value {
			return false
		}
	}
	return true
}
