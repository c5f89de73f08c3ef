package remedy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// forPeople are alerts that no rule may name. Where money or dice are wrong, a restart destroys what shows why and lets the
// wrong go on; a validator that signed twice may have its key in two places, and starting it is what must not happen.
var forPeople = []string{"Ledger_Drift", "Ledger_Unchecked", "Wager_Return_Off", "Dice_Unfair", "Validator_Equivocated", "Validator_Misbehaving"}

const (
	// maxPerHour bounds limits: who writes more does not mean a limit.
	maxPerHour = 60
	// maxReplicas bounds what a policy may scale to.
	maxReplicas = 100
)

var (
	// names can't be taken for a flag or hold anything that a program gives a meaning to.
	names  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	alerts = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,99}$`)
)

// validate joins everything that is wrong, each with the field's name.
func (p Policy) validate() error {
	var wrong problems
	wrong.unless(p.Limits.PerHour >= 1 && p.Limits.PerHour <= maxPerHour, "limits.per_hour: %d: want 1 to %d", p.Limits.PerHour, maxPerHour)
	wrong.unless(p.Limits.TargetPerHour >= 1 && p.Limits.TargetPerHour <= p.Limits.PerHour,
		"limits.target_per_hour: %d: want 1 to limits.per_hour", p.Limits.TargetPerHour)
	wrong.unless(p.Limits.TargetPause >= 0 && p.Limits.TargetPause <= time.Hour, "limits.target_pause: %s: want 0s to 1h", p.Limits.TargetPause)
	wrong.unless(len(p.Rules) > 0, "rules: there are none; without rules, there is nothing to do")
	known := make(map[string]bool)
	for i, t := range p.Targets {
		field := fmt.Sprintf("targets[%d]", i)
		p.validateTarget(&wrong, field, t)
		wrong.unless(!known[t.Executor+" "+t.Name], "%s.name: %q is there twice", field, t.Name)
		known[t.Executor+" "+t.Name] = true
	}
	for i, r := range p.Rules {
		p.validateRule(&wrong, fmt.Sprintf("rules[%d]", i), r)
	}
	return errors.Join(wrong...)
}

func (p Policy) validateTarget(wrong *problems, field string, t Target) {
	wrong.unless(names.MatchString(t.Name), "%s.name: %q: want lower-case letters, digits and dashes", field, t.Name)
	switch t.Executor {
	case FleetExecutor:
		wrong.unless(t.Workload == "" && t.Replicas == Bounds{}, "%s: workload and replicas are for executor %s", field, KubernetesExecutor)
	case KubernetesExecutor:
		kind, name, _ := strings.Cut(t.Workload, "/")
		_, ok := kinds[kind]
		wrong.unless(ok && names.MatchString(name), "%s.workload: %q: want rollout/NAME, deployment/NAME or statefulset/NAME", field, t.Workload)
		wrong.unless(t.Replicas == Bounds{} || t.Replicas.Min >= 1 && t.Replicas.Min <= t.Replicas.Max && t.Replicas.Max <= maxReplicas,
			"%s.replicas: want 1 <= min <= max <= %d", field, maxReplicas)
		wrong.unless(names.MatchString(p.Namespace), "namespace: %q: %s needs one, of lower-case letters, digits and dashes", p.Namespace, field)
	default:
		wrong.unless(false, "%s.executor: %q: want %s or %s", field, t.Executor, FleetExecutor, KubernetesExecutor)
	}
}

func (p Policy) validateRule(wrong *problems, field string, r Rule) {
	wrong.unless(alerts.MatchString(r.Alert), "%s.alert: %q: want an alert's name", field, r.Alert)
	wrong.unless(!slices.Contains(forPeople, r.Alert), "%s.alert: %s is for people: nothing may be done about it without them", field, r.Alert)
	wrong.unless(slices.Contains([]Action{Restart, Rollback, Scale}, r.Action), "%s.action: %q: want %s, %s or %s", field, r.Action, Restart, Rollback, Scale)
	wrong.unless((r.Target == "") != (len(r.By) == 0), "%s: want target or by, and not both", field)
	named := func(t Target) bool { return t.Name == r.Target }
	wrong.unless(r.Target == "" || slices.ContainsFunc(p.Targets, named), "%s.target: there is no target %q", field, r.Target)
	for _, label := range r.By {
		labelled := func(t Target) bool { return t.Labels[label] != "" }
		wrong.unless(slices.ContainsFunc(p.Targets, labelled), "%s.by: no target has a label %q", field, label)
	}
}

// problems is everything that is wrong.
type problems []error

func (p *problems) unless(fine bool, format string, args ...any) {
	if !fine {
		*p = append(*p, fmt.Errorf(format, args...))
	}
}
