// Package remediation acts on alerts automatically, within a policy: which alert leads to which action on which target, and how often.
// No text of an alert becomes part of an action; its labels are only compared with the policy's.
package remediation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.yaml.in/yaml/v3"
)

// Action is an action on a target.
type Action string

// All actions.
const (
	// Restart restarts a target that is down or does not answer.
	Restart Action = "restart"
	// Rollback aborts a release that is in progress.
	Rollback Action = "rollback"
	// Scale adds a replica.
	Scale Action = "scale"
)

// Policy is what may be done automatically. The shipped one is deploy/remediation/policy.yaml.
type Policy struct {
	Limits Limits `yaml:"limits"`
	// Namespace is the cluster's namespace of the targets.
	Namespace string   `yaml:"namespace"`
	Rules     []Rule   `yaml:"rules"`
	Targets   []Target `yaml:"targets"`
}

// Limits bound the rate of actions. Actions beyond them are left to people.
type Limits struct {
	// PerHour is the limit for all targets together.
	PerHour int `yaml:"per_hour"`
	// TargetPerHour is the limit for each target.
	TargetPerHour int `yaml:"target_per_hour"`
	// TargetPause is the minimum time between two actions on a target.
	TargetPause time.Duration `yaml:"target_pause"`
}

// Rule maps an alert to an action.
type Rule struct {
	Alert string `yaml:"alert"`
	// Labels are labels that the alert must have too.
	Labels map[string]string `yaml:"labels"`
	Action Action            `yaml:"action"`
	// Target is the name of a target; alternatively, By names the labels in which targets must match the alert.
	Target string   `yaml:"target"`
	By     []string `yaml:"by"`
}

// Target is a process or a workload that may be acted on.
type Target struct {
	Name string `yaml:"name"`
	// Executor is the name of the executor that can reach it. For FleetExecutor, Name is the name of a process.
	Executor string            `yaml:"executor"`
	Labels   map[string]string `yaml:"labels"`
	// Workload is KIND/NAME in a cluster: an Argo rollout, a deployment or a statefulset.
	Workload string `yaml:"workload"`
	// Replicas are the bounds for Scale.
	Replicas Bounds `yaml:"replicas"`
}

// Bounds are the least and the largest number of replicas.
type Bounds struct {
	Min int `yaml:"min"`
	Max int `yaml:"max"`
}

// Load reads a policy, and reports all of its mistakes.
func Load(path string) (Policy, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Policy{}, err
	}
	var p Policy
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true) // A misspelt limit would have no effect.
	if err := decoder.Decode(&p); err != nil {
		return Policy{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := decoder.Decode(&Policy{}); !errors.Is(err, io.EOF) {
		return Policy{}, fmt.Errorf("%s: want one document", path)
	}
	if err := p.validate(); err != nil {
		return Policy{}, fmt.Errorf("%s:\n%w", path, err)
	}
	return p, nil
}
