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

// process is a program that the fleet keeps running.
type process struct {
	name    string
	stage   int
	program string
	args    []string
	env     []string
	dir     string
	user    *syscall.Credential // nil runs it as the one who starts it.
	// end is the signal that ends it in good order.
	end syscall.Signal
	// address is where it is reached, for people.
	address string
	// ready fails while the program can't do its work.
	ready func(ctx context.Context) error
	// live fails while the program does not even answer; nil for stores.
	live func(ctx context.Context) error
}

// runner starts and stops processes, and remembers them in files: the fleet goes on when the command that started it ends.
type runner struct {
	dir string
	// killAfter is how long a process has to end in good order.
	killAfter time.Duration
}

// record is the content of a pid file. A pid alone could be somebody else's by now.
type record struct {
	PID     int            `json:"pid"`
	Birth   string         `json:"birth"`
	Program string         `json:"program"`
	End     syscall.Signal `json:"end"`
}

func (r runner) pidFile(name string) string { return filepath.Join(r.dir, "run", name+".json") }

func (r runner) logFile(name string) string { return filepath.Join(r.dir, "log", name+".log") }

// start runs a process in a session of its own, so that Ctrl-C at the command does not reach it.
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
	go func() { _ = cmd.Wait() }() // If this process is still there then. Its log says how it ended.
	text, err := json.Marshal(record{PID: cmd.Process.Pid, Birth: birth(cmd.Process.Pid), Program: p.program, End: p.end})
	if err == nil {
		err = replaceFile(r.pidFile(p.name), text)
	}
	if err != nil { // What is not written down could never be stopped.
		_ = cmd.Process.Kill()
	}
	return err
}

// environment is this process's without what configures services: the fleet's files do.
func environment() []string {
	var out []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "BITCRAPS_") {
			out = append(out, pair)
		}
	}
	return out
}

// running returns the record of a process that runs; ok is false where none does that the fleet started.
func (r runner) running(name string) (rec record, ok bool) {
	text, err := os.ReadFile(r.pidFile(name))
	if err != nil || json.Unmarshal(text, &rec) != nil || rec.PID <= 1 || rec.Birth == "" {
		return record{}, false
	}
	return rec, birth(rec.PID) == rec.Birth
}

// stop ends a process for good, by force where it does not end in time, and reports whether it ran.
func (r runner) stop(ctx context.Context, name string) (ran bool, err error) {
	rec, ok := r.running(name)
	if ok {
		if err := r.end(ctx, rec); err != nil {
			return true, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := os.Remove(r.pidFile(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return ok, err
	}
	return ok, nil
}

// end ends a process and keeps its pid file, which says that somebody wants it to run.
func (r runner) end(ctx context.Context, rec record) error {
	if err := signal(rec, rec.End); err != nil {
		return err
	}
	patience, cancel := context.WithTimeout(ctx, r.killAfter)
	defer cancel()
	err := r.awaitEnd(patience, rec)
	if err != nil && ctx.Err() == nil { // Whoever is in a hurry has not said that it may lose its data.
		err = r.kill(rec)
	}
	return err
}

// kill ends a process by force.
func (r runner) kill(rec record) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.killAfter)
	defer cancel()
	return errors.Join(signal(rec, syscall.SIGKILL), r.awaitEnd(ctx, rec))
}

// signal reaches the recorded process only: not another one that got its pid.
func signal(rec record, signal syscall.Signal) error {
	if birth(rec.PID) != rec.Birth {
		return nil
	}
	if err := syscall.Kill(rec.PID, signal); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func (r runner) awaitEnd(ctx context.Context, rec record) error {
	return poll(ctx, func() error {
		if birth(rec.PID) == rec.Birth {
			return fmt.Errorf("process %d runs on", rec.PID)
		}
		return nil
	})
}

// pollInterval is how often is looked for what is waited for.
const pollInterval = 20 * time.Millisecond

// poll tries until it succeeds. When the context ends first, the last failure is the error.
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

// replaceFile writes a file that only its owner reads; a crash leaves the old content or the new.
func replaceFile(path string, text []byte) error {
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
