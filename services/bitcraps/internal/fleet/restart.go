package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// liveTimeout is how long a process may take to say that it runs.
const liveTimeout = 5 * time.Second

var (
	// ErrRuns means that there is nothing to start.
	ErrRuns = errors.New("it runs and answers")
	// ErrStopped means that nobody wants it to run.
	ErrStopped = errors.New("it was stopped; `bitcraps fleet up` starts it")
)

// Restart starts one service's process again, with the configuration that Up gave it: one that died, or that runs and answers
// nobody. It waits until the process answers, not until it can work: a validator can't before others are back.
//
// It returns ErrRuns where there is nothing to start, ErrStopped where somebody stopped it, and leaves a validator that halted to
// people.
func (f *Fleet) Restart(ctx context.Context, name string) error {
	p, err := f.member(name)
	if err != nil {
		return err
	}
	if _, err := os.Stat(f.runner.pidFile(name)); errors.Is(err, os.ErrNotExist) {
		return ErrStopped
	}
	if _, err := os.Stat(p.program); err != nil { // Before anything is stopped that could not be started again.
		return fmt.Errorf("%s: %w; `make build` makes all services", name, err)
	}
	if rec, ok := f.runner.running(name); ok {
		if f.answers(ctx, p) == nil {
			return ErrRuns
		}
		if err := f.runner.end(ctx, rec); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if halted(f.runner.logFile(name)) {
		return fmt.Errorf("%s has halted because it must not go on; read why in %s before it is started", name, f.runner.logFile(name))
	}
	if err := f.runner.start(p); err != nil {
		return err
	}
	p.ready = p.live
	if err := f.await(ctx, p); err != nil {
		return fmt.Errorf("%s does not answer: %w\n%s", name, err, tail(f.runner.logFile(name)))
	}
	return nil
}

func (f *Fleet) member(name string) (process, error) {
	for _, p := range f.services() {
		if p.name == name {
			return p, nil
		}
	}
	return process{}, fmt.Errorf("the fleet in %s has no service's process %q; `bitcraps fleet status` lists them", f.dir, name)
}

func (f *Fleet) answers(ctx context.Context, p process) error {
	ctx, cancel := context.WithTimeout(ctx, liveTimeout)
	defer cancel()
	return p.live(ctx)
}

// haltedBytes is how much of a log's end is looked at: a validator that halts ends soon, so its reason is near.
const haltedBytes = 64 << 10

// halted reports whether a log says that a validator halted and has not started since.
func halted(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return false
	}
	end := make([]byte, min(info.Size(), haltedBytes))
	n, _ := file.ReadAt(end, info.Size()-int64(len(end))) // What could be read is looked at.
	return bytes.LastIndex(end[:n], []byte(`"msg":"the validator has halted"`)) > bytes.LastIndex(end[:n], []byte(`"msg":"ready"`))
}
