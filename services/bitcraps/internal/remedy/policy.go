// Package remedy acts on alerts without waiting for people, within a policy: which alert leads to which action on which target,
// and how often. Nothing of an alert's text becomes a part of what is done; its labels are only compared with the policy's.
package remedy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.yaml.in/yaml/v3"
)

// Action is what may be done to a target.
type Action string

// Actions; there are no others.
const (
	// Restart starts what is down or does not answer.
	Restart Action = "restart"
	// Rollback takes back a release that is under way.
	Rollback Action = "rollback"
	// Scale adds a replica.
	Scale Action = "scale"
)

// Policy is what may be done without people. There is one in deploy/remediation/policy.yaml.
type Policy struct {
	Limits Limits `yaml:"limits"`
	// Namespace is where in the cluster targets are.
	Namespace string   `yaml:"namespace"`
	Rules     []Rule   `yaml:"rules"`
	Targets   []Target `yaml:"targets"`
}

// Limits are how often anything is done. What is beyond them is left to people.
type Limits struct {
	// PerHour is for all targets together.
	PerHour int `yaml:"per_hour"`
	// TargetPerHour is for each of them.
	TargetPerHour int `yaml:"target_per_hour"`
	// TargetPause is how long one is left alone behind an action.
	TargetPause time.Duration `yaml:"target_pause"`
}

// Rule leads from an alert to an action.
type Rule struct {
	Alert string `yaml:"alert"`
	// Labels are those that the alert must have too.
	Labels map[string]string `yaml:"labels"`
	Action Action            `yaml:"action"`
	// Target is the name of one; or By are labels by which the targets are found that have the alert's values.
	Target string   `yaml:"target"`
	By     []string `yaml:"by"`
}

// Target is what may be acted on.
type Target struct {
	Name string `yaml:"name"`
	// Executor is who can reach it. To FleetExecutor, the name is that of a process.
	Executor string            `yaml:"executor"`
	Labels   map[string]string `yaml:"labels"`
	// Workload is KIND/NAME in a cluster: a rollout of Argo's, a deployment or a statefulset.
	Workload string `yaml:"workload"`
	// Replicas are the bounds of Scale.
	Replicas Bounds `yaml:"replicas"`
}

// Bounds are how few and how many.
type Bounds struct {
	Min int `yaml:"min"`
	Max int `yaml:"max"`
}

// Load reads a policy and says everything that is wrong with it.
func Load(path string) (Policy, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Policy{}, err
	}
	var p Policy
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true) // A limit whose name is misspelt would be no limit.
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
