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
	// startTimeout bounds the time until a program is ready.
	startTimeout = time.Minute
	// stopTimeout bounds an orderly shutdown.
	stopTimeout = 10 * time.Second
	// pollInterval is the time between two polls.
	pollInterval = 50 * time.Millisecond
)

// program describes a server to run.
type program struct {
	name string
	path string
	args []string
	env  []string
	// ready is a URL that responds with 200 once the server is ready.
	ready string
}

// process is a running server.
type process struct {
	program
	cmd    *exec.Cmd
	exited chan struct{}
}

// startProcess starts a server in its own process group, so that Ctrl-C does not reach it, and waits until it is ready.
func startProcess(ctx context.Context, dir string, p program) (*process, error) {
	log, err := os.Create(filepath.Join(dir, p.name+".log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(p.path, p.args...) //nolint:gosec // All programs are listed in programs.go.
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = dir, log, log, append(os.Environ(), p.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	running := &process{program: p, cmd: cmd, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // Its log shows how it ended.
		close(running.exited)
	}()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := poll(ctx, func() error { return running.checkReady(ctx) }); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("%s is not ready: %w\n%s", p.name, err, bytes.TrimSpace(text)), running.stop())
	}
	return running, nil
}

func (p *process) checkReady(ctx context.Context) error {
	select {
	case <-p.exited:
		return permanentError{errors.New("the process has exited")}
	default:
	}
	return get(ctx, p.ready, nil)
}

// stop stops the server, and kills it if it does not stop in time. The server may have exited before.
func (p *process) stop() error {
	select {
	case <-p.exited:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopTimeout):
		err := p.cmd.Process.Kill()
		<-p.exited
		return errors.Join(fmt.Errorf("%s had to be killed", p.name), err)
	}
}

// permanentError is an error after which polling is pointless.
type permanentError struct{ error }

// poll calls try until it succeeds. If the context ends first, it returns the last error.
func poll(ctx context.Context, try func() error) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	var last error
	for {
		err := try()
		if err == nil || errors.As(err, &permanentError{}) {
			return err
		}
		if last == nil || ctx.Err() == nil { // An error caused by the context's end would hide the real one.
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}
