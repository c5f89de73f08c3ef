// Package testserver runs the programs that the platform works with, each as a private server of one test process. The
// tests that use it never skip: a program that is missing is installed where that is possible, and is an error elsewhere.
package testserver

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	// startTimeout is how long a server may take to answer for the first time.
	startTimeout = 30 * time.Second
	// readyInterval is how often it is asked whether it does.
	readyInterval = 10 * time.Millisecond
)

// process is a running program. It dies with this process, however that ends.
type process struct {
	cmd    *exec.Cmd
	output bytes.Buffer
	ended  chan struct{}
	err    error // What it ended with, once ended is closed.
}

// start runs the command and waits until ready returns nil.
func start(cmd *exec.Cmd, ready func(context.Context) error) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		// The kernel sends the signal when the thread that forked ends, so the thread must live as long as the program.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(readyInterval)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return p, nil
		}
		select {
		case <-tick.C:
		case <-p.ended:
			return nil, fmt.Errorf("%s ended: %w\n%s", cmd.Path, p.err, p.output.String())
		case <-ctx.Done():
			p.kill()
			return nil, fmt.Errorf("%s does not answer: %w\n%s", cmd.Path, err, p.output.String())
		}
	}
}

// kill ends the program as a crash would, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // It may have ended by itself.
	<-p.ended
}

// servers are those that tests of this process share.
var servers struct {
	mu   sync.Mutex
	stop []func()
}

// Suite is a test's main function, as goleak.VerifyTestMain and os.Exit take it: it runs the tests and stops the servers
// that they shared.
type Suite struct {
	// M runs the tests; it is a *testing.M.
	M interface{ Run() int }
}

// Run runs the tests.
func (s Suite) Run() int {
	code := s.M.Run()
	servers.mu.Lock()
	defer servers.mu.Unlock()
	for _, stop := range servers.stop {
		stop()
	}
	return code
}

func stopWithTests(stop func()) {
	servers.mu.Lock()
	defer servers.mu.Unlock()
	servers.stop = append(servers.stop, stop)
}
