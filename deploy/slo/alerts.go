package slo

import (
	"fmt"
	"slices"
	"strings"
)

// runbooks is the base URL of the pages in docs/runbooks.
const runbooks = "https://github.com/bitcraps/bitcraps/blob/main/docs/runbooks/"

// families returns the families of alerts in the file's order.
func (f File) families() (families []string) {
	add := func(family string) {
		if !slices.Contains(families, family) {
			families = append(families, family)
		}
	}
	for _, o := range f.SLOs {
		add(o.Family)
	}
	for _, a := range f.Alerts {
		add(a.Family)
	}
	return families
}

// alerts returns the alert rules of one family.
func (f File) alerts(family string) group {
	g := group{Name: "alerts " + family}
	for _, o := range f.SLOs {
		if o.Family != family {
			continue
		}
		for _, burn := range o.BurnRates {
			g.Rules = append(g.Rules, o.burning(burn))
		}
	}
	for _, a := range f.Alerts {
		if a.Family == family {
			g.Rules = append(g.Rules, a.rule(nil))
		}
	}
	return g
}

// burning returns a rule that fires while the error budget is spent too fast.
func (o Objective) burning(burn BurnRate) rule {
	limit := fmt.Sprintf("%s * %s", number(burn.Factor), o.budget())
	return Alert{
		Name: o.Alert, Severity: burn.Severity, Family: o.Family,
		Expr: fmt.Sprintf("%s > %s\n  and %s > %s\n  and on () sum(increase(%s[%s])) >= %d\n",
			o.selector(burn.Long), limit, o.selector(burn.Short), limit, o.Total, burn.Long, o.MinEvents),
		Summary: fmt.Sprintf("The error budget of %s is burning at more than %s times the sustainable rate", o.Name, number(burn.Factor)),
		Description: fmt.Sprintf("{{ $value | humanizePercentage }} failed in the last %s, and failures continue. Objective: %s.",
			burn.Long, strings.TrimSuffix(o.Description, ".")),
	}.rule(map[string]string{"slo": o.Name, "window": burn.Long})
}

func (a Alert) rule(labels map[string]string) rule {
	r := rule{Alert: a.Name, Expr: a.Expr, For: a.For,
		Labels:      map[string]string{"severity": a.Severity, "family": a.Family},
		Annotations: map[string]string{"summary": a.Summary, "description": a.Description, "runbook_url": runbooks + a.Name + ".md"}}
	for name, value := range labels {
		r.Labels[name] = value
	}
	return r
}

// Names returns the names of all alerts, sorted.
func (f File) Names() (names []string) {
	for _, o := range f.SLOs {
		names = append(names, o.Alert)
	}
	for _, a := range f.Alerts {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
