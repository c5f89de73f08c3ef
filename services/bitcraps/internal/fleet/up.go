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
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/data"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// ReadyTimeout is how long all processes together may take to become ready.
const ReadyTimeout = time.Minute

// Up starts the processes that are not running and waits until all are ready. It returns the names of those that it started. If
// something fails, it stops them again.
func (f *Fleet) Up(ctx context.Context, opts Options) (started []string, err error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if err := f.adopt(opts); err != nil {
		return nil, err
	}
	if err := f.writeGitignore(); err != nil {
		return nil, err
	}
	stores, err := f.stores(ctx)
	if err != nil {
		return nil, err
	}
	ready, cancel := context.WithTimeout(ctx, ReadyTimeout)
	defer cancel()
	started, err = f.start(ready, stores, nil)
	if err == nil {
		err = f.prepare(ready)
	}
	if err == nil {
		started, err = f.start(ready, f.services(), started)
	}
	if err != nil {
		return nil, errors.Join(err, f.stop(context.WithoutCancel(ctx), started))
	}
	return started, nil
}

// adopt makes a new plan if the fleet's plan is for other options.
func (f *Fleet) adopt(opts Options) (err error) {
	if f.plan.matches(opts) {
		return nil
	}
	if len(f.runningNames()) > 0 {
		return fmt.Errorf("the fleet in %s is running with other options; stop it first", f.dir)
	}
	if old := f.plan.Options.Engine; old != opts.Engine && f.plan.hasData(f.dir) {
		return fmt.Errorf("--database %s: the data of the fleet in %s is in %s; give --database %s, or choose another --dir", opts.Engine, f.dir, old, old)
	}
	if f.plan, err = newPlan(opts, f.plan); err != nil {
		return err
	}
	return f.plan.save(f.dir)
}

// prepare prepares the databases, the chain and the configuration of the services. The stores run: only the ledger tells whether there
// must be a chain.
func (f *Fleet) prepare(ctx context.Context) error {
	database := func(service string) config.Database {
		return config.Database{URL: f.plan.databaseURL(f.dir, service), MaxConnections: 2}
	}
	parts := data.Parts{Players: database(identity.API), Ledger: database(identity.Game), APIRuns: f.runs(identity.API), GameRuns: f.runs(identity.Game),
		Chain: f.chainDir(), DirFlag: "--dir"}
	ledgerBegun, err := parts.Prepare(ctx)
	if err != nil {
		return err
	}
	if ledgerBegun { // Init would make a new chain over what is left of this one.
		if err := f.checkHomes(); err != nil {
			return err
		}
	}
	if err := Init(f.dir, validators, nil, time.Now()); err != nil {
		return err
	}
	if err := errors.Join(f.writeConfiguration(), f.writeTargets()); err != nil {
		return err
	}
	if err := f.checkConfiguration(); err != nil {
		return fmt.Errorf("configuration:\n%w", err)
	}
	return nil
}

// checkHomes fails if a validator has no home.
func (f *Fleet) checkHomes() (missing error) {
	for i := range validators {
		if _, err := os.Stat(consensus.Home(f.chainDir(), i)); err != nil {
			missing = errors.Join(missing, fmt.Errorf("the home of a validator is missing: %w; %s", err, data.ChainHint))
		}
	}
	return missing
}

// runs reports whether a process of a service runs.
func (f *Fleet) runs(service string) bool {
	return slices.ContainsFunc(f.plan.Members, func(m member) bool {
		_, ok := f.runner.running(m.name())
		return ok && m.Service == service
	})
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
