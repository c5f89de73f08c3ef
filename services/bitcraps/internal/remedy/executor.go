package remedy

import (
	"context"
	"errors"
)

// Executors by their names.
const (
	FleetExecutor      = "fleet"
	KubernetesExecutor = "kubernetes"
)

// Executor acts on targets.
type Executor interface {
	// Name is what targets call it.
	Name() string
	// Describe says what Do does, or why it never can.
	Describe(Action, Target) (string, error)
	// Do acts and says what came of it. It fails with ErrUnneeded where there was nothing to do, and with ErrLimit where there was,
	// and the policy's bounds don't allow it.
	Do(context.Context, Action, Target) (string, error)
}

var (
	// ErrUnneeded means that a target is already as an action would make it.
	ErrUnneeded = errors.New("there is nothing to do")
	// ErrLimit means that the policy does not allow it.
	ErrLimit = errors.New("the policy's limit is reached")
)
