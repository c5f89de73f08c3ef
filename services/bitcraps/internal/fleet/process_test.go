package fleet

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func newRunner(t *testing.T, killAfter time.Duration) runner {
	t.Helper()
	r := runner{dir: t.TempDir(), killAfter: killAfter}
	for _, folder := range []string{"run", "log"} {
		if err := os.Mkdir(filepath.Join(r.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// startShell starts a process that runs a script. The script prints "up" once its traps are set.
func startShell(t *testing.T, r runner, name, script string) record {
	t.Helper()
	err := r.start(process{name: name, program: "/bin/sh", args: []string{"-c", script}, stopSignal: syscall.SIGTERM, dir: r.dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if rec, ok := r.running(name); ok {
			_ = syscall.Kill(rec.PID, syscall.SIGKILL)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err = poll(ctx, func() error {
		if !strings.Contains(string(tail(r.logFile(name))), "up") {
			return os.ErrNotExist
		}
		return nil
	})
	rec, ok := r.running(name)
	if err != nil || !ok {
		t.Fatalf("%s does not run: %v", name, err)
	}
	return rec
}

func TestStopGracefullyOrByForce(t *testing.T) {
	for name, tc := range map[string]struct{ script, says string }{
		"obedient": {`trap 'echo bye; exit 0' TERM; echo up; while :; do /bin/sleep 0.01; done`, "bye"},
		"deaf":     {`trap '' TERM; echo up; while :; do /bin/sleep 0.01; done`, "up"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRunner(t, time.Second)
			if name == "obedient" {
				r.killAfter = time.Minute
			}
			rec := startShell(t, r, name, tc.script)
			if ran, err := r.stop(t.Context(), name); !ran || err != nil {
				t.Errorf("stop: %v, %v", ran, err)
			}
			if startTime(rec.PID) == rec.StartTime {
				t.Error("it is still running")
			}
			if log := string(tail(r.logFile(name))); !strings.Contains(log, tc.says) {
				t.Errorf("it printed %q", log)
			}
			if ran, err := r.stop(t.Context(), name); ran || err != nil {
				t.Errorf("stopped again: %v, %v", ran, err)
			}
		})
	}
}

// TestInterruptedStopDoesNotKill interrupts the stop of a process that is slow to exit, which must not lose its data.
func TestInterruptedStopDoesNotKill(t *testing.T) {
	r := newRunner(t, time.Minute)
	rec := startShell(t, r, "slow", `trap '' TERM; echo up; while :; do /bin/sleep 0.01; done`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ran, err := r.stop(ctx, "slow"); !ran || err == nil {
		t.Errorf("stop: %v, %v", ran, err)
	}
	if again, ok := r.running("slow"); !ok || again != rec {
		t.Error("it was killed, or its record is gone")
	}
}

// TestReusedPIDIsNotSignalled gives the runner the pid of a process that it did not start.
func TestReusedPIDIsNotSignalled(t *testing.T) {
	r := newRunner(t, time.Second)
	other := exec.Command("/bin/sleep", "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = other.Wait(); close(ended) }()
	defer func() { _ = other.Process.Kill(); <-ended }()
	for _, was := range []string{"", "another life", startTime(os.Getpid())} {
		text, err := json.Marshal(record{PID: other.Process.Pid, StartTime: was, StopSignal: syscall.SIGTERM})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.pidFile("game-0"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := r.running("game-0"); ok && was != startTime(other.Process.Pid) {
			t.Errorf("%q passes for the recorded process", was)
		}
		if ran, err := r.stop(t.Context(), "game-0"); ran || err != nil {
			t.Errorf("stop: %v, %v", ran, err)
		}
	}
	select {
	case <-ended:
		t.Error("the other process was ended")
	default:
	}
}

func TestServicesDoNotInheritConfiguration(t *testing.T) {
	t.Setenv("BITCRAPS_RPC_LISTEN", "0.0.0.0:1")
	for _, pair := range environment() {
		if strings.HasPrefix(pair, "BITCRAPS_") {
			t.Errorf("%s is inherited", pair)
		}
	}
}
