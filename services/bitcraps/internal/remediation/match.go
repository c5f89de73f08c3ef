package remediation

import "slices"

// rule returns the first rule that matches an alert.
func (p Policy) rule(a Alert) (Rule, bool) {
	for _, r := range p.Rules {
		if r.Alert != a.Labels[nameLabel] {
			continue
		}
		matches := true
		for label, value := range r.Labels {
			matches = matches && a.Labels[label] == value
		}
		if matches {
			return r, true
		}
	}
	return Rule{}, false
}

// targets returns the targets of an executor that a rule selects for an alert with the labels.
func (p Policy) targets(executor string, r Rule, labels map[string]string) (out []Target) {
	for _, t := range p.Targets {
		if t.Executor == executor && r.selects(t, labels) {
			out = append(out, t)
		}
	}
	return out
}

func (r Rule) selects(t Target, labels map[string]string) bool {
	if r.Target != "" {
		return t.Name == r.Target
	}
	// A label that is missing on both sides must not count as equal.
	return !slices.ContainsFunc(r.By, func(label string) bool { return t.Labels[label] == "" || t.Labels[label] != labels[label] })
}

// alertLabel is an alert's name in metrics: "other" for alerts that the policy does not name, which bounds the label's values.
func (p Policy) alertLabel(name string) string {
	if slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Alert == name }) {
		return name
	}
	return "other"
}
