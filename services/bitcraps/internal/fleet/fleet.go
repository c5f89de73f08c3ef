// Package fleet runs every service in a process of its own on this machine, with mutual TLS between them and, where it is
// asked for, a private PostgreSQL and Redis. What it knows is in one folder, so that one command starts the fleet and another
// one stops it.
//
//	fleet.json   addresses, options and the password of the private stores
//	targets.json the admin ports, as Prometheus reads them
//	config/      a folder with a configuration file for each process
//	tls/         the authority, and a folder with a certificate for each service
//	chain/       the validators' homes
//	mail/        what would be sent to players
//	log/, run/   a log and a pid file for each process
package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/bitcraps/bitcraps/libs/service"
)

// Fleet is the processes of a folder, running or not.
type Fleet struct {
	dir      string
	programs string
	say      func(string)
	runner   runner
	plan     plan
	release  func()
}

// drainMargin is what a process gets beyond the time that a service takes to end at most.
const drainMargin = 5 * time.Second

// Create makes the folder where there is none, and opens it for Up.
func Create(ctx context.Context, dir, programs string, say func(string)) (*Fleet, error) {
	for _, folder := range []string{dir, filepath.Join(dir, "run"), filepath.Join(dir, "log")} {
		// The private PostgreSQL runs as another user below it, so others may enter, but see nothing: files are 0600.
		if err := os.MkdirAll(folder, 0o711); err != nil { //nolint:gosec // See above.
			return nil, err
		}
	}
	return open(ctx, dir, programs, say)
}

// Open opens the fleet of a folder. It returns os.ErrNotExist where none was ever started.
func Open(ctx context.Context, dir, programs string, say func(string)) (*Fleet, error) {
	if _, err := os.Stat(planFile(dir)); err != nil {
		return nil, fmt.Errorf("there is no fleet in %s: %w", dir, err)
	}
	return open(ctx, dir, programs, say)
}

// open takes the folder until Close; another command on it waits. programs is the folder of the services' binaries. say gets
// a line about what takes long.
func open(ctx context.Context, dir, programs string, say func(string)) (*Fleet, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if programs, err = filepath.Abs(programs); err != nil {
		return nil, err
	}
	f := &Fleet{dir: dir, programs: programs, say: say, runner: runner{dir: dir, killAfter: service.Drain + drainMargin}}
	if f.release, err = lock(ctx, filepath.Join(dir, "lock")); err != nil {
		return nil, err
	}
	if f.plan, err = loadPlan(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		f.release()
		return nil, err
	}
	return f, nil
}

// Close lets the next command have the folder. Processes go on.
func (f *Fleet) Close() { f.release() }

// Look returns the fleet of a folder to ask for its Status, without taking the folder from a command that starts or stops it. It
// returns os.ErrNotExist where no fleet was ever started.
func Look(dir string) (*Fleet, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	p, err := loadPlan(dir)
	return &Fleet{dir: dir, runner: runner{dir: dir}, plan: p, release: func() {}}, err
}

// lock waits until no other process has the file.
func lock(ctx context.Context, path string) (release func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	var refused error // For another reason than that somebody has it, which would not pass.
	err = poll(ctx, func() error {
		held := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if held != nil && !errors.Is(held, syscall.EWOULDBLOCK) {
			refused = held
			return nil
		}
		return held
	})
	if err = cmp.Or(refused, err); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return func() { _ = file.Close() }, nil
}

func (f *Fleet) tlsDir() string { return filepath.Join(f.dir, "tls") }

func (f *Fleet) chainDir() string { return filepath.Join(f.dir, "chain") }
