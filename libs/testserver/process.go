// Package testserver runs the real servers that the platform depends on, such as PostgreSQL and Redis, for tests. They are private to the
// test process, run on this machine, and end with the process, however that ends.
package testserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Command is a server to run.
type Command struct {
	// Dir is the server's own folder, from NewDir. It is removed when the server stops.
	Dir string
	// Path and Args are the program and its arguments.
	Path string
	Args []string
	// Signal is the signal that stops it gracefully, such as TERM.
	Signal string
}

// Process is a running server.
type Process struct {
	// Stop stops the server gracefully, waits until it has ended, and removes its folder.
	Stop func() error
	// Interrupt ends the server by a signal, waits until it has ended, and keeps its folder for another Start.
	Interrupt func(signal string) error
}

// supervisor is a shell script that runs a program until its own standard input ends. The test process holds that open, so the program
// ends with the process, even if that is killed and can't clean up. Stop closes it as well; Interrupt writes a signal to it.
const supervisor = `dir=$1 signal=$2; shift 2
"$@" <&- >>"$dir/log" 2>&1 &
server=$!
read -r other
kill -s "${other:-$signal}" "$server"
wait "$server"
[ -n "$other" ] || rm -rf "$dir"`

// startTimeout is how long a server may take until it answers.
const startTimeout = time.Minute

// Start runs a server and returns once ready returns nil. The server runs as an unprivileged user in a process group of its own, so that
// Ctrl-C does not reach it before the tests have ended.
func Start(c Command, ready func(context.Context) error) (*Process, error) {
	cmd := exec.Command("/bin/sh", append([]string{"-c", supervisor, "supervisor", c.Dir, c.Signal, c.Path}, c.Args...)...)
	cmd.Dir = c.Dir
	if err := asServer(cmd); err != nil {
		return nil, err
	}
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	// The supervisor's exit status is that of the removal or of the signal; all that matters is that it has ended.
	end := sync.OnceFunc(func() { _ = input.Close(); _ = cmd.Wait() })
	p := &Process{
		Stop: func() error { end(); return nil },
		Interrupt: func(signal string) error {
			_, err := fmt.Fprintln(input, signal)
			end()
			return err
		},
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = ready(ctx); err == nil {
			return p, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(c.Dir, "log"))
			return nil, errors.Join(fmt.Errorf("%s does not answer: %w\n%s", c.Path, err, log), p.Stop())
		}
	}
}

// NewDir creates a folder that is owned by the user that servers run as. Its path is short, since it contains sockets.
func NewDir() (string, error) {
	dir, err := os.MkdirTemp("", "bitcraps")
	if err != nil {
		return "", err
	}
	credential, err := unprivileged()
	if err == nil && credential != nil {
		err = os.Chown(dir, int(credential.Uid), int(credential.Gid))
	}
	return dir, err
}

// asServer makes a command run as the user of servers, in a process group of its own.
func asServer(cmd *exec.Cmd) (err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.SysProcAttr.Credential, err = unprivileged()
	return err
}

// unprivileged returns the user that servers run as when the tests run as root, which PostgreSQL refuses; otherwise nil.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
	}
	return nil, errors.New("no user postgres or nobody to run servers as; run the tests as another user than root")
}

// sharedServers has the functions that stop the servers which the tests of the process share.
var sharedServers struct {
	sync.Mutex
	managed bool
	stops   []func() error
}

// Suite wraps a *testing.M for goleak.VerifyTestMain: it runs the tests and then stops the servers that they shared.
type Suite struct {
	// M runs the tests; it is a *testing.M.
	M interface{ Run() int }
}

// Run runs the tests. It returns the exit code.
func (s Suite) Run() int {
	sharedServers.managed = true
	code := s.M.Run()
	for _, stop := range sharedServers.stops {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "testserver:", err)
			code = max(code, 1)
		}
	}
	return code
}

// Main runs a package's tests and then stops the servers that they shared. The TestMain of a package that uses such a server must call it.
func Main(m *testing.M) { os.Exit(Suite{M: m}.Run()) }

// stopAtEnd registers a shared server to be stopped after the last test.
func stopAtEnd(stop func() error) error {
	sharedServers.Lock()
	defer sharedServers.Unlock()
	sharedServers.stops = append(sharedServers.stops, stop)
	if !sharedServers.managed {
		return errors.New("call testserver.Main from the package's TestMain: it stops the servers after the last test")
	}
	return nil
}
