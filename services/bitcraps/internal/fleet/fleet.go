// Package fleet runs every service in a process of its own on this machine, with mutual TLS between them and, unless their URLs are
// given, a private PostgreSQL and Redis. Its state is in one folder, so that one command can start the fleet and another one stop it.
//
//	fleet.json   addresses, options and the password of the private stores
//	targets.json the admin ports, as Prometheus reads them
//	config/      a folder with a configuration file for each process
//	tls/         the authority, and a folder with a certificate for each service
//	chain/       the validators' homes
//	mail/        the mails that would be sent to players
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

// Fleet is the set of processes of a folder, running or not.
type Fleet struct {
	dir      string
	programs string
	report   func(string)
	runner   runner
	plan     plan
	release  func()
}

// drainMargin is how much longer than service.DrainTimeout a process gets to exit.
const drainMargin = 5 * time.Second

// Create creates the folder where there is none, and opens it for Up.
func Create(ctx context.Context, dir, programs string, report func(string)) (*Fleet, error) {
	for _, folder := range []string{dir, filepath.Join(dir, "run"), filepath.Join(dir, "log")} {
		// The private PostgreSQL may run as another user below it, so others may enter, but can read nothing: files are 0600.
		if err := os.MkdirAll(folder, 0o711); err != nil { //nolint:gosec // See above.
			return nil, err
		}
	}
	return open(ctx, dir, programs, report)
}

// Open opens the fleet of a folder. It returns os.ErrNotExist where none was ever started.
func Open(ctx context.Context, dir, programs string, report func(string)) (*Fleet, error) {
	if _, err := os.Stat(planFile(dir)); err != nil {
		return nil, fmt.Errorf("there is no fleet in %s: %w", dir, err)
	}
	return open(ctx, dir, programs, report)
}

// open locks the folder until Close; another command on it waits. programs is the folder of the services' binaries. report is called
// with a line about each step that takes long.
func open(ctx context.Context, dir, programs string, report func(string)) (*Fleet, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if programs, err = filepath.Abs(programs); err != nil {
		return nil, err
	}
	f := &Fleet{dir: dir, programs: programs, report: report, runner: runner{dir: dir, killAfter: service.DrainTimeout + drainMargin}}
	if f.release, err = lock(ctx, filepath.Join(dir, "lock")); err != nil {
		return nil, err
	}
	if f.plan, err = loadPlan(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		f.release()
		return nil, err
	}
	return f, nil
}

// Options returns the options with which the fleet was last started, and whether it ever was.
func (f *Fleet) Options() (opts Options, ok bool) { return f.plan.Options, len(f.plan.Members) > 0 }

// Close unlocks the folder. Processes keep running.
func (f *Fleet) Close() { f.release() }

// Inspect returns the fleet of a folder for Status only. It does not lock the folder, so it works while a command starts or stops the
// fleet. It returns os.ErrNotExist where no fleet was ever started.
func Inspect(dir string) (*Fleet, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	p, err := loadPlan(dir)
	return &Fleet{dir: dir, runner: runner{dir: dir}, plan: p, release: func() {}}, err
}

// lock locks a file, and waits while another process has it locked.
func lock(ctx context.Context, path string) (release func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	var failed error // An error other than that the file is locked, which waiting would not resolve.
	err = poll(ctx, func() error {
		held := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if held != nil && !errors.Is(held, syscall.EWOULDBLOCK) {
			failed = held
			return nil
		}
		return held
	})
	if err = cmp.Or(failed, err); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return func() { _ = file.Close() }, nil
}

func (f *Fleet) tlsDir() string { return filepath.Join(f.dir, "tls") }

func (f *Fleet) chainDir() string { return filepath.Join(f.dir, "chain") }
