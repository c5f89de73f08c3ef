package fleet

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/identity"
)

// singleFleet is a fleet of one game, whose admin port is served by the test: it is healthy while the game runs, unless the process is
// marked as unresponsive.
type singleFleet struct {
	*Fleet
	t            *testing.T
	unresponsive atomic.Int64
}

func newSingleFleet(t *testing.T) *singleFleet {
	l := &singleFleet{t: t}
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if rec, ok := l.runner.running("game-0"); !ok || int64(rec.PID) == l.unresponsive.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(admin.Close)
	programs := t.TempDir()
	if err := os.WriteFile(filepath.Join(programs, identity.Game), []byte("#!/bin/sh\nexec /bin/sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := newRunner(t, time.Minute)
	l.Fleet = &Fleet{dir: r.dir, programs: programs, runner: r, plan: plan{Members: []member{{Service: identity.Game, Admin: admin.Listener.Addr().String()}}}}
	if err := r.start(l.services()[0]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.kill() })
	return l
}

// TestHangingProcessDoesNotDelayStatus gets the status of a process that never answers, and of one that follows it.
func TestHangingProcessDoesNotDelayStatus(t *testing.T) {
	l := newSingleFleet(t)
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hangs.Close)
	l.plan.Members = []member{{Service: identity.API, Admin: hangs.Listener.Addr().String()}, l.plan.Members[0]}
	if err := l.runner.start(process{name: "api-0", program: "/bin/sleep", args: []string{"1000"}, stopSignal: syscall.SIGTERM}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = l.runner.stop(context.Background(), "api-0") })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	states := l.Status(ctx)
	if len(states) != 2 || states[0].State != Failing || states[1].State != Ready {
		t.Errorf("%+v", states)
	}
}

// pid is the pid of the game.
func (l *singleFleet) pid() int {
	l.t.Helper()
	rec, ok := l.runner.running("game-0")
	if !ok {
		l.t.Fatal("it does not run")
	}
	return rec.PID
}

func (l *singleFleet) kill() {
	rec, ok := l.runner.running("game-0")
	if !ok {
		return
	}
	if err := errors.Join(signal(rec, syscall.SIGKILL), l.runner.awaitExit(l.t.Context(), rec)); err != nil && l.t.Context().Err() == nil {
		l.t.Error(err)
	}
}

func TestRestartStartsDeadAndUnresponsiveProcesses(t *testing.T) {
	l := newSingleFleet(t)
	first := l.pid()
	if err := l.Restart(t.Context(), "game-0"); !errors.Is(err, ErrRunning) || l.pid() != first {
		t.Errorf("a running process: %v", err)
	}
	l.kill()
	if err := l.Restart(t.Context(), "game-0"); err != nil || l.pid() == first {
		t.Errorf("a dead process: %v", err)
	}
	second := l.pid()
	l.unresponsive.Store(int64(second))
	if err := l.Restart(t.Context(), "game-0"); err != nil || l.pid() == second {
		t.Errorf("an unresponsive process: %v", err)
	}
}

// TestRestartCanBeRetried makes the program of an unresponsive process temporarily not executable.
func TestRestartCanBeRetried(t *testing.T) {
	l := newSingleFleet(t)
	l.unresponsive.Store(int64(l.pid()))
	program := l.services()[0].program
	if err := os.Chmod(program, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Restart(t.Context(), "game-0"); !errors.Is(err, os.ErrPermission) {
		t.Fatalf("a program that can't be run: %v", err)
	}
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.Restart(t.Context(), "game-0"); err != nil {
		t.Errorf("the next attempt: %v", err)
	}
}

func TestRestartRefusals(t *testing.T) {
	l := newSingleFleet(t)
	if err := l.Restart(t.Context(), "postgres"); err == nil || !strings.Contains(err.Error(), "fleet status") {
		t.Errorf("a store: %v", err)
	}
	l.kill()
	log := l.runner.logFile("game-0")
	for text, want := range map[string]string{
		"{\"msg\":\"ready\"}\n{\"msg\":\"the validator has halted\"}\ngame: why\n": "must not continue",
		"{\"msg\":\"the validator has halted\"}\n{\"msg\":\"ready\"}\n":            "",
	} {
		if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := l.Restart(t.Context(), "game-0"); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		l.kill()
	}
	if _, err := l.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Restart(t.Context(), "game-0"); !errors.Is(err, ErrStopped) {
		t.Errorf("a stopped process: %v", err)
	}
}
