package e2e_test

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
)

// ownFleet starts a fleet for one test, which may kill its processes.
func ownFleet(t *testing.T, set ...string) *target {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds five binaries")
	}
	tg, err := launchFleet(fleetDir(t), set...)
	return stopAtEnd(t, tg, err)
}

// updateStates updates the states of the fleet's processes.
func (tg *target) updateStates(f *fleet.Fleet) {
	for _, state := range f.Status(context.Background()) {
		tg.states[state.Name] = state
	}
}

// kill kills a process of a fleet, as in a crash.
func (tg *target) kill(t *testing.T, name string) {
	t.Helper()
	tg.signalProcess(t, name, syscall.SIGKILL)
}

// signalProcess stops a process of a fleet with a signal, and returns when it is gone.
func (tg *target) signalProcess(t *testing.T, name string, signal syscall.Signal) {
	t.Helper()
	pid := tg.states[name].PID
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
	testserver.Eventually(t, "the end of "+name, func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}

// nextGateway returns the gateway that a client tries next when its own does not answer.
func nextGateway(gateways []gatewayAddr, url string) string {
	at := slices.IndexFunc(gateways, func(d gatewayAddr) bool { return d.url == url })
	return gateways[(at+1)%len(gateways)].url
}
