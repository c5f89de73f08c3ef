package remediation

import (
	"context"
	"errors"
	"fmt"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
)

// Fleet acts on the processes of `bitcraps fleet up` on this machine.
type Fleet struct {
	// Dir is the fleet's folder, and Programs the folder of the services' binaries.
	Dir, Programs string
}

// Name implements Executor.
func (Fleet) Name() string { return FleetExecutor }

// Describe implements Executor.
func (f Fleet) Describe(action Action, t Target) (string, error) {
	if action != Restart {
		return "", fmt.Errorf("a fleet on one machine can't %s: it has one release and a fixed number of processes", action)
	}
	return fmt.Sprintf("start %s of the fleet in %s if it is down", t.Name, f.Dir), nil
}

// Do implements Executor. It waits while a command on the fleet runs.
func (f Fleet) Do(ctx context.Context, action Action, t Target) (string, error) {
	if _, err := f.Describe(action, t); err != nil {
		return "", err
	}
	all, err := fleet.Open(ctx, f.Dir, f.Programs, func(string) {})
	if err != nil {
		return "", err
	}
	defer all.Close()
	err = all.Restart(ctx, t.Name)
	if errors.Is(err, fleet.ErrRunning) || errors.Is(err, fleet.ErrStopped) {
		return "", fmt.Errorf("%w: %w", ErrUnneeded, err)
	}
	if err != nil {
		return "", err
	}
	return "started " + t.Name, nil
}
