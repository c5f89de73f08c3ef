package remediation

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// humanOnly are the alerts that no rule may name. Where money or dice are wrong, a restart would destroy the evidence and let the fault
// continue; a validator that signed twice may have its key in two places, and must not be started.
var humanOnly = []string{"Ledger_Drift", "Ledger_Unchecked", "Wager_Return_Off", "Dice_Unfair", "Validator_Equivocated", "Validator_Misbehaving"}

const (
	// maxPerHour bounds the limits themselves: a larger one would not be a limit.
	maxPerHour = 60
	// maxReplicas bounds the number of replicas that a policy may scale to.
	maxReplicas = 100
)

var (
	// namePattern excludes names that look like a flag, or contain a character that a program interprets.
	namePattern  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	alertPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,99}$`)
)

// validate reports all mistakes, each with the field's name.
func (p Policy) validate() error {
	var wrong problems
	wrong.require(p.Limits.PerHour >= 1 && p.Limits.PerHour <= maxPerHour, "limits.per_hour: %d: want 1 to %d", p.Limits.PerHour, maxPerHour)
	wrong.require(p.Limits.TargetPerHour >= 1 && p.Limits.TargetPerHour <= p.Limits.PerHour,
		"limits.target_per_hour: %d: want 1 to limits.per_hour", p.Limits.TargetPerHour)
	wrong.require(p.Limits.TargetPause >= 0 && p.Limits.TargetPause <= time.Hour, "limits.target_pause: %s: want 0s to 1h", p.Limits.TargetPause)
	wrong.require(len(p.Rules) > 0, "rules: there must be at least one")
	known := make(map[string]bool)
	for i, t := range p.Targets {
		field := fmt.Sprintf("targets[%d]", i)
		p.validateTarget(&wrong, field, t)
		wrong.require(!known[t.Executor+" "+t.Name], "%s.name: %q is defined twice", field, t.Name)
		known[t.Executor+" "+t.Name] = true
	}
	for i, r := range p.Rules {
		p.validateRule(&wrong, fmt.Sprintf("rules[%d]", i), r)
	}
	return errors.Join(wrong...)
}

func (p Policy) validateTarget(wrong *problems, field string, t Target) {
	wrong.require(namePattern.MatchString(t.Name), "%s.name: %q: want lower-case letters, digits and dashes", field, t.Name)
	switch t.Executor {
	case FleetExecutor:
		wrong.require(t.Workload == "" && t.Replicas == Bounds{}, "%s: workload and replicas are for executor %s", field, KubernetesExecutor)
	case KubernetesExecutor:
		kind, name, _ := strings.Cut(t.Workload, "/")
		_, ok := kubectlKinds[kind]
		wrong.require(ok && namePattern.MatchString(name), "%s.workload: %q: want rollout/NAME, deployment/NAME or statefulset/NAME", field, t.Workload)
		wrong.require(t.Replicas == Bounds{} || t.Replicas.Min >= 1 && t.Replicas.Min <= t.Replicas.Max && t.Replicas.Max <= maxReplicas,
			"%s.replicas: want 1 <= min <= max <= %d", field, maxReplicas)
		wrong.require(namePattern.MatchString(p.Namespace), "namespace: %q: %s needs one, of lower-case letters, digits and dashes", p.Namespace, field)
	default:
		wrong.require(false, "%s.executor: %q: want %s or %s", field, t.Executor, FleetExecutor, KubernetesExecutor)
	}
}

func (p Policy) validateRule(wrong *problems, field string, r Rule) {
	wrong.require(alertPattern.MatchString(r.Alert), "%s.alert: %q: want an alert's name", field, r.Alert)
	wrong.require(!slices.Contains(humanOnly, r.Alert), "%s.alert: %s is for people: no automatic action is allowed", field, r.Alert)
	wrong.require(slices.Contains([]Action{Restart, Rollback, Scale}, r.Action), "%s.action: %q: want %s, %s or %s", field, r.Action, Restart, Rollback, Scale)
	wrong.require((r.Target == "") != (len(r.By) == 0), "%s: want target or by, and not both", field)
	named := func(t Target) bool { return t.Name == r.Target }
	wrong.require(r.Target == "" || slices.ContainsFunc(p.Targets, named), "%s.target: there is no target %q", field, r.Target)
	for _, label := range r.By {
		labelled := func(t Target) bool { return t.Labels[label] != "" }
		wrong.require(slices.ContainsFunc(p.Targets, labelled), "%s.by: no target has a label %q", field, label)
	}
}

// problems collects mistakes.
type problems []error

func (p *problems) require(ok bool, format string, args ...any) {
	if !ok {
		*p = append(*p, fmt.Errorf(format, args...))
	}
}
