package remedy

import "slices"

// rule is the first that fits an alert.
func (p Policy) rule(a Alert) (Rule, bool) {
	for _, r := range p.Rules {
		if r.Alert != a.Labels[nameLabel] {
			continue
		}
		fits := true
		for label, value := range r.Labels {
			fits = fits && a.Labels[label] == value
		}
		if fits {
			return r, true
		}
	}
	return Rule{}, false
}

// targets are those of an executor that a rule means when the alert has the labels.
func (p Policy) targets(executor string, r Rule, labels map[string]string) (out []Target) {
	for _, t := range p.Targets {
		if t.Executor == executor && r.means(t, labels) {
			out = append(out, t)
		}
	}
	return out
}

func (r Rule) means(t Target, labels map[string]string) bool {
	if r.Target != "" {
		return t.Name == r.Target
	}
	// A label that neither has would be the same everywhere.
	return !slices.ContainsFunc(r.By, func(label string) bool { return t.Labels[label] == "" || t.Labels[label] != labels[label] })
}

// alertLabel is an alert's name in metrics, which are for those that the policy names.
func (p Policy) alertLabel(name string) string {
	if slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Alert == name }) {
		return name
	}
	return "other"
}
