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
	// Gateways are where its REST API is.
	Gateways []string

	binary, dir string
	games       []string
	gamePIDs    []int
}

// StartFleet runs every service as a process of its own on PostgreSQL, from the binaries beside that one, and waits until
// all are ready. Further arguments are handed on. Nothing runs where it fails.
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

// Game is a connection to the fleet's games, in the name of the gateway.
func (f *Fleet) Game() (*grpc.ClientConn, error) {
	target := rpcclient.Target{Service: identity.Game, Contracts: []string{gamev1.GameService_ServiceDesc.ServiceName}}
	scope := telemetry.Discard().For(identity.Gateway, 0)
	return rpcclient.New(identity.Gateway, target, rpcclient.Config{Addresses: f.games}, localca.Files(filepath.Join(f.dir, "tls"), identity.Gateway), nil, scope)
}

// GameBytes is how much memory the largest of the fleet's games holds. It works on Linux.
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

// Stop ends every process.
func (f *Fleet) Stop() error {
	if out, err := f.command(context.Background(), "down").CombinedOutput(); err != nil {
		return fmt.Errorf("fleet down: %w\n%s", err, out)
	}
	return nil
}

// command is one on the fleet, which the context's end tells to end by itself: killed, it would leave half a fleet.
func (f *Fleet) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, f.binary, append([]string{"fleet", name, "--dir", f.dir}, args...)...)
	cmd.SysProcAttr = outOfReach
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd
}
