package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// Fleet is a running `bitcraps fleet up`.
type Fleet struct {
	// Gateways are the URLs of its gateways.
	Gateways []string

	binary, dir string
	games       []string
	gamePIDs    []int
}

// StartFleet runs every service as its own process, from the binaries next to the given one, and waits until all are ready. Further
// arguments are passed to `fleet up`. If it fails, no process is left running.
func StartFleet(ctx context.Context, binary, dir string, args ...string) (*Fleet, error) {
	fleet := &Fleet{binary: binary, dir: dir}
	cmd := fleet.command(ctx, "up", append([]string{"--json", "--port", "0"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w\n%s", cmd, err, &stderr), fleet.Stop())
	}
	var status struct {
		Gateways  []string
		Processes []struct {
			Name, Address string
			PID           int
		}
	}
	if err := json.Unmarshal(out, &status); err != nil {
		return nil, errors.Join(err, fleet.Stop())
	}
	fleet.Gateways = status.Gateways
	for _, process := range status.Processes {
		if strings.HasPrefix(process.Name, identity.Game) {
			fleet.games, fleet.gamePIDs = append(fleet.games, process.Address), append(fleet.gamePIDs, process.PID)
		}
	}
	return fleet, nil
}

// Game returns a connection to the fleet's game processes with the gateway's certificate.
func (f *Fleet) Game() (*grpc.ClientConn, error) {
	target := rpcclient.Target{Service: identity.Game, Contracts: []string{gamev1.GameService_ServiceDesc.ServiceName}}
	scope := telemetry.Discard().For(identity.Gateway, 0)
	return rpcclient.New(identity.Gateway, target, rpcclient.Config{Addresses: f.games}, localca.Files(filepath.Join(f.dir, "tls"), identity.Gateway), nil, scope)
}

// GameBytes returns the resident memory of the fleet's largest game process. It requires Linux.
func (f *Fleet) GameBytes() (most int64, err error) {
	for _, pid := range f.gamePIDs {
		resident, err := residentBytes(pid)
		if err != nil {
			return 0, err
		}
		most = max(most, resident)
	}
	return most, nil
}

// Stop stops every process.
func (f *Fleet) Stop() error {
	if out, err := f.command(context.Background(), "down").CombinedOutput(); err != nil {
		return fmt.Errorf("fleet down: %w\n%s", err, out)
	}
	return nil
}

// command returns a command on the fleet. If the context ends, the command is terminated rather than killed, since a killed command would
// leave part of a fleet running.
func (f *Fleet) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, f.binary, append([]string{"fleet", name, "--dir", f.dir}, args...)...)
	cmd.SysProcAttr = ownProcessGroup
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd
}
