package remediation

import (
	"context"
	"errors"
)

// The names of executors.
const (
	FleetExecutor      = "fleet"
	KubernetesExecutor = "kubernetes"
)

// Executor acts on targets.
type Executor interface {
	// Name is the name by which targets refer to it.
	Name() string
	// Describe describes what Do does, or fails where it never can.
	Describe(Action, Target) (string, error)
	// Do acts and describes the result. It fails with ErrUnneeded where there is nothing to do, and with ErrLimit where the policy's
	// bounds don't allow the action.
	Do(context.Context, Action, Target) (string, error)
}

var (
	// ErrUnneeded means that the target is already in the state that the action would bring about.
	ErrUnneeded = errors.New("there is nothing to do")
	// ErrLimit means that the policy's bounds don't allow the action.
	ErrLimit = errors.New("the policy's limit is reached")
)
