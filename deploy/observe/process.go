package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// startPatience is how long a program may take until it answers.
	startPatience = time.Minute
	// stopPatience is how long it may take to end in good order.
	stopPatience = 10 * time.Second
	// pollInterval is the time between two polls.
	pollInterval = 50 * time.Millisecond
)

// program is a server to run.
type program struct {
	name string
	path string
	args []string
	env  []string
	// ready is a URL that answers 200 once it can work.
	ready string
}

// process is a server that runs.
type process struct {
	program
	cmd   *exec.Cmd
	ended chan struct{}
}

// launch starts a server, in a process group of its own so that Ctrl-C does not reach it, and waits until it is ready.
func launch(ctx context.Context, dir string, p program) (*process, error) {
	log, err := os.Create(filepath.Join(dir, p.name+".log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(p.path, p.args...) //nolint:gosec // All are listed in servers.go.
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = dir, log, log, append(os.Environ(), p.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	running := &process{program: p, cmd: cmd, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // Its log says how it ended.
		close(running.ended)
	}()
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if err := poll(ctx, func() error { return running.answers(ctx) }); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("%s is not ready: %w\n%s", p.name, err, bytes.TrimSpace(text)), running.stop())
	}
	return running, nil
}

func (p *process) answers(ctx context.Context) error {
	select {
	case <-p.ended:
		return fatal{errors.New("it ended")}
	default:
	}
	return get(ctx, p.ready, nil)
}

// stop ends the server, by force where it does not end in time. It may have ended before.
func (p *process) stop() error {
	select {
	case <-p.ended:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopPatience):
		err := p.cmd.Process.Kill()
		<-p.ended
		return errors.Join(fmt.Errorf("%s had to be killed", p.name), err)
	}
}

// fatal is an error that waiting does not help.
type fatal struct{ error }

// poll tries until it succeeds. When the context ends first, the last failure is the error.
func poll(ctx context.Context, try func() error) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	var last error
	for {
		err := try()
		if err == nil || errors.As(err, &fatal{}) {
			return err
		}
		if last == nil || ctx.Err() == nil { // That there was no more time for the last try says nothing.
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}
