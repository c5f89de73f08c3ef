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

// Patience is how long everything may take to get ready.
const Patience = time.Minute

// Up starts what does not run and waits until everything is ready. It returns the names of what it started; nothing, where
// the fleet ran already. What it started is stopped again where something fails.
func (f *Fleet) Up(ctx context.Context, opts Options) (started []string, err error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if !f.plan.fits(opts) {
		if len(f.alive()) > 0 {
			return nil, fmt.Errorf("the fleet in %s runs with other options; stop it first", f.dir)
		}
		if f.plan, err = newPlan(opts, f.plan); err != nil {
			return nil, err
		}
		if err := f.plan.save(f.dir); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(f.ignore(), Init(f.dir, validators, nil, time.Now())); err != nil {
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
	ready, cancel := context.WithTimeout(ctx, Patience)
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

// ignore has git leave the folder alone, unless it says otherwise itself: it is about to have keys, and may be within a checkout.
func (f *Fleet) ignore() error {
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

// start starts those that do not run and waits until all are ready. It returns the names of what it started behind those
// that are given.
func (f *Fleet) start(ctx context.Context, processes []process, started []string) ([]string, error) {
	begin := func(p process) error {
		if _, err := os.Stat(p.program); err != nil {
			return fmt.Errorf("%s: %w; `make build` makes all services", p.name, err)
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
		if err := begin(p); err != nil {
			return started, err
		}
	}
	for _, p := range processes {
		err := f.await(ctx, p)
		if errors.Is(err, errEnded) && !slices.Contains(started, p.name) { // It was about to die when it was looked at.
			if err = begin(p); err == nil {
				err = f.await(ctx, p)
			}
		}
		if err != nil {
			return started, fmt.Errorf("%s is not ready: %w\n%s", p.name, err, tail(f.runner.logFile(p.name)))
		}
	}
	return started, nil
}

var errEnded = errors.New("it ended")

// await waits until a process is ready, or ends.
func (f *Fleet) await(ctx context.Context, p process) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return poll(ctx, func() error {
		if _, ok := f.runner.running(p.name); !ok {
			cancel()
			return errEnded
		}
		return p.ready(ctx)
	})
}

// migrate brings the databases of services that do not run to this release's schema. One that runs has it, or must be
// stopped first.
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
