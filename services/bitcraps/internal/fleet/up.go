package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/game"
)

// ReadyTimeout is how long all processes together may take to become ready.
const ReadyTimeout = time.Minute

// Up starts the processes that are not running and waits until all are ready. It returns the names of those that it started. If
// something fails, it stops them again.
func (f *Fleet) Up(ctx context.Context, opts Options) (started []string, err error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if !f.plan.matches(opts) {
		if len(f.runningNames()) > 0 {
			return nil, fmt.Errorf("the fleet in %s is running with other options; stop it first", f.dir)
		}
		if f.plan, err = newPlan(opts, f.plan); err != nil {
			return nil, err
		}
		if err := f.plan.save(f.dir); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(f.writeGitignore(), Init(f.dir, validators, nil, time.Now())); err != nil {
		return nil, err
	}
	if err := errors.Join(f.writeConfiguration(), f.writeTargets()); err != nil {
		return nil, err
	}
	if err := f.checkConfiguration(); err != nil {
		return nil, fmt.Errorf("configuration:\n%w", err)
	}
	stores, err := f.stores(ctx)
	if err != nil {
		return nil, err
	}
	ready, cancel := context.WithTimeout(ctx, ReadyTimeout)
	defer cancel()
	started, err = f.start(ready, stores, nil)
	if err == nil {
		err = f.migrate(ready)
	}
	if err == nil {
		started, err = f.start(ready, f.services(), started)
	}
	if err != nil {
		return nil, errors.Join(err, f.stop(context.WithoutCancel(ctx), started))
	}
	return started, nil
}

// writeGitignore makes git ignore the folder, unless the folder has a .gitignore: it will contain keys, and may be inside a checkout.
func (f *Fleet) writeGitignore() error {
	file, err := os.OpenFile(filepath.Join(f.dir, ".gitignore"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString("*\n")
	return errors.Join(err, file.Close())
}

func (f *Fleet) services() (out []process) {
	for _, m := range f.plan.Members {
		out = append(out, f.service(m))
	}
	return out
}

// start starts the processes that are not running and waits until all are ready. It appends the names of those that it started to
// started.
func (f *Fleet) start(ctx context.Context, processes []process, started []string) ([]string, error) {
	launch := func(p process) error {
		if _, err := os.Stat(p.program); err != nil {
			return fmt.Errorf("%s: %w; `make build` builds all services", p.name, err)
		}
		err := f.runner.start(p)
		if err == nil {
			started = append(started, p.name)
		}
		return err
	}
	for _, p := range processes {
		if _, ok := f.runner.running(p.name); ok {
			continue
		}
		if err := launch(p); err != nil {
			return started, err
		}
	}
	for _, p := range processes {
		err := f.await(ctx, p)
		if errors.Is(err, errExited) && !slices.Contains(started, p.name) { // It was about to exit when running saw it.
			if err = launch(p); err == nil {
				err = f.await(ctx, p)
			}
		}
		if err != nil {
			return started, fmt.Errorf("%s is not ready: %w\n%s", p.name, err, tail(f.runner.logFile(p.name)))
		}
	}
	return started, nil
}

var errExited = errors.New("it exited")

// await waits until a process is ready, or exits.
func (f *Fleet) await(ctx context.Context, p process) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return poll(ctx, func() error {
		if _, ok := f.runner.running(p.name); !ok {
			cancel()
			return errExited
		}
		return p.ready(ctx)
	})
}

// migrate migrates the databases of services that are not running to this release's schema. A running service has that schema
// already, or must be stopped first.
func (f *Fleet) migrate(ctx context.Context) error {
	for name, up := range map[string]func(context.Context, config.Database) (from, to int64, err error){identity.API: api.Migrate, identity.Game: game.Migrate} {
		running := false
		for _, m := range f.plan.Members {
			if _, ok := f.runner.running(m.name()); ok && m.Service == name {
				running = true
			}
		}
		if running {
			continue
		}
		if _, _, err := up(ctx, config.Database{URL: f.plan.databaseURL(f.dir, name), MaxConnections: 2}); err != nil {
			return fmt.Errorf("migrate %s: %w", name, err)
		}
	}
	return nil
}
