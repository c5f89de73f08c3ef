package e2e_test

import (
	"syscall"
	"testing"
)

// ownFleet starts a fleet for one test, which may kill its processes.
func ownFleet(t *testing.T, set ...string) *target {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds five binaries")
	}
	tg, err := launchFleet(fleetDir(t), set...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tg.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return tg
}

// kill ends a process of a fleet as a crash does.
func (tg *target) kill(t *testing.T, name string) {
	t.Helper()
	if err := syscall.Kill(tg.states[name].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
