package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is a program that the fleet runs.
type process struct {
	name    string
	stage   int
	program string
	args    []string
	env     []string
	dir     string
	user    *syscall.Credential // nil means the current user.
	// stopSignal is the signal that makes it exit gracefully.
	stopSignal syscall.Signal
	// address is its address, for display.
	address string
	// ready fails while the program can't do its work.
	ready func(ctx context.Context) error
	// live fails while the program does not even answer; nil for stores.
	live func(ctx context.Context) error
}

// runner starts and stops processes, and records them in files, since the fleet outlives the command that started it.
type runner struct {
	dir string
	// killAfter is how long a process has to exit gracefully.
	killAfter time.Duration
}

// record is the content of a pid file. The pid alone could belong to another process by now.
type record struct {
	PID        int            `json:"pid"`
	StartTime  string         `json:"birth"`
	Program    string         `json:"program"`
	StopSignal syscall.Signal `json:"end"`
}

func (r runner) pidFile(name string) string { return filepath.Join(r.dir, "run", name+".json") }

func (r runner) logFile(name string) string { return filepath.Join(r.dir, "log", name+".log") }

// start starts a process in a session of its own, so that Ctrl-C in the terminal does not reach it.
func (r runner) start(p process) error {
	log, err := os.OpenFile(r.logFile(p.name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(p.program, p.args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = append(environment(), p.env...), p.dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: p.user}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	go func() { _ = cmd.Wait() }() // Reaps it, if this process is still running then. Its log shows how it ended.
	text, err := json.Marshal(record{PID: cmd.Process.Pid, StartTime: startTime(cmd.Process.Pid), Program: p.program, StopSignal: p.stopSignal})
	if err == nil {
		err = replaceFile(r.pidFile(p.name), text)
	}
	if err != nil { // A process that is not recorded could never be stopped.
		_ = cmd.Process.Kill()
	}
	return err
}

// environment returns this process's environment without the variables that configure services: the fleet's files do that.
func environment() []string {
	var out []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "BITCRAPS_") {
			out = append(out, pair)
		}
	}
	return out
}

// running returns the record of a running process; ok is false where the process that the fleet started does not run.
func (r runner) running(name string) (rec record, ok bool) {
	text, err := os.ReadFile(r.pidFile(name))
	if err != nil || json.Unmarshal(text, &rec) != nil || rec.PID <= 1 || rec.StartTime == "" {
		return record{}, false
	}
	return rec, startTime(rec.PID) == rec.StartTime
}

// stop terminates a process and removes its pid file, and reports whether it ran.
func (r runner) stop(ctx context.Context, name string) (ran bool, err error) {
	rec, ok := r.running(name)
	if ok {
		if err := r.terminate(ctx, rec); err != nil {
			return true, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := os.Remove(r.pidFile(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return ok, err
	}
	return ok, nil
}

// terminate stops a process, by force where it does not exit in time. It keeps the pid file, which means that the process should run.
func (r runner) terminate(ctx context.Context, rec record) error {
	if err := signal(rec, rec.StopSignal); err != nil {
		return err
	}
	graceful, cancel := context.WithTimeout(ctx, r.killAfter)
	defer cancel()
	err := r.awaitExit(graceful, rec)
	if err != nil && ctx.Err() == nil { // An interrupted command must not kill a process, which may lose data.
		err = r.kill(rec)
	}
	return err
}

// kill stops a process by force.
func (r runner) kill(rec record) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.killAfter)
	defer cancel()
	return errors.Join(signal(rec, syscall.SIGKILL), r.awaitExit(ctx, rec))
}

// signal sends a signal to the recorded process, and not to another one that got its pid.
func signal(rec record, signal syscall.Signal) error {
	if startTime(rec.PID) != rec.StartTime {
		return nil
	}
	if err := syscall.Kill(rec.PID, signal); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func (r runner) awaitExit(ctx context.Context, rec record) error {
	return poll(ctx, func() error {
		if startTime(rec.PID) == rec.StartTime {
			return fmt.Errorf("process %d is still running", rec.PID)
		}
		return nil
	})
}

// pollInterval is the time between two attempts of poll.
const pollInterval = 20 * time.Millisecond

// poll repeats try until it succeeds. If the context ends first, it returns the last error.
func poll(ctx context.Context, try func() error) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// replaceFile writes a file that only its owner can read. A crash leaves the old content or the new.
func replaceFile(path string, text []byte) error {
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
