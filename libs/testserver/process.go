// Package testserver runs the real servers that the platform works with, one of each for a test process: private, on
// this machine, and gone when the process is, whatever way it ends.
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
	// Path and Args are the program.
	Path string
	Args []string
	// Signal ends it in an orderly way, such as TERM.
	Signal string
}

// Process is a server that runs.
type Process struct {
	// Stop ends the server in an orderly way, waits for its end and removes its folder.
	Stop func() error
	// Interrupt ends it by a signal, waits for its end and leaves its folder, for Start.
	Interrupt func(signal string) error
}

// guard runs a program until its own standard input ends, which the test process holds open: it ends with the process,
// also where that is killed and can't clean up. The guard is told to stop in the same way.
const guard = `dir=$1 signal=$2; shift 2
"$@" <&- >>"$dir/log" 2>&1 &
server=$!
read -r other
kill -s "${other:-$signal}" "$server"
wait "$server"
[ -n "$other" ] || rm -rf "$dir"`

// startPatience is how long a server may take until it answers.
const startPatience = time.Minute

// Start runs a server and returns once ready does without an error. It runs as an unprivileged user in a process group
// of its own, out of reach of a Ctrl-C that is meant for the tests.
func Start(c Command, ready func(context.Context) error) (*Process, error) {
	cmd := exec.Command("/bin/sh", append([]string{"-c", guard, "guard", c.Dir, c.Signal, c.Path}, c.Args...)...)
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
	// The guard's exit status is that of a removal or the signal's; that it ended is all that counts.
	end := sync.OnceFunc(func() { _ = input.Close(); _ = cmd.Wait() })
	p := &Process{
		Stop: func() error { end(); return nil },
		Interrupt: func(signal string) error {
			_, err := fmt.Fprintln(input, signal)
			end()
			return err
		},
	}
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
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

// NewDir makes a folder that the user of servers owns. Its name is short: sockets lie in it.
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

// asServer makes a command run as servers do.
func asServer(cmd *exec.Cmd) (err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.SysProcAttr.Credential, err = unprivileged()
	return err
}

// unprivileged is who servers run as where the tests run as root, which PostgreSQL refuses; else nil.
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

// ends are what stops the servers that this process shares.
var ends struct {
	sync.Mutex
	managed bool
	stops   []func() error
}

// Suite is a test's main function, as goleak.VerifyTestMain takes it: it runs the tests and stops the servers that they
// shared.
type Suite struct {
	// M runs the tests; it is a *testing.M.
	M interface{ Run() int }
}

// Run runs the tests. It returns the code to exit with.
func (s Suite) Run() int {
	ends.managed = true
	code := s.M.Run()
	for _, stop := range ends.stops {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "testserver:", err)
			code = max(code, 1)
		}
	}
	return code
}

// Main runs a package's tests and then stops the servers that they started. A package that uses one calls it from its
// TestMain.
func Main(m *testing.M) { os.Exit(Suite{M: m}.Run()) }

// atEnd stops a shared server behind the last test.
func atEnd(stop func() error) error {
	ends.Lock()
	defer ends.Unlock()
	ends.stops = append(ends.stops, stop)
	if !ends.managed {
		return errors.New("call testserver.Main from the package's TestMain: it stops the servers after the last test")
	}
	return nil
}
