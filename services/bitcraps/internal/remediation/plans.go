package remediation

// Plan describes the effect of a rule on a target.
type Plan struct {
	Alert  string
	Action Action
	Target string
	What   string
}

// Plans describes the effects of all rules with the executor, including rules without a target or with an action that the executor
// can't take.
func (r *Remediator) Plans() (plans []Plan) {
	for _, rule := range r.policy.Rules {
		found := false
		for _, t := range r.policy.Targets {
			if t.Executor != r.executor.Name() || !rule.selects(t, t.Labels) || !compatible(rule.Labels, t.Labels) {
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

// compatible reports whether a target's labels contradict none that a rule requires.
func compatible(want, have map[string]string) bool {
	for label, value := range want {
		if have[label] != "" && have[label] != value {
			return false
		}
	}
	return true
}
