package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// liveTimeout bounds a health check of a process.
const liveTimeout = 5 * time.Second

var (
	// ErrRunning means that there is nothing to start.
	ErrRunning = errors.New("it is running and answers")
	// ErrStopped means that it was stopped on purpose.
	ErrStopped = errors.New("it was stopped; `bitcraps fleet up` starts it")
)

// Restart restarts a service's process that died or does not answer, with the configuration that Up gave it. It waits until the
// process is live, not until it is ready: a validator is not ready before others are back.
//
// It returns ErrRunning where there is nothing to start and ErrStopped where the process was stopped on purpose, and refuses to start
// a validator that halted, which is for people to decide.
func (f *Fleet) Restart(ctx context.Context, name string) error {
	p, err := f.member(name)
	if err != nil {
		return err
	}
	if _, err := os.Stat(f.runner.pidFile(name)); errors.Is(err, os.ErrNotExist) {
		return ErrStopped
	}
	if _, err := os.Stat(p.program); err != nil { // Checked before stopping a process that could then not be started again.
		return fmt.Errorf("%s: %w; `make build` builds all services", name, err)
	}
	if rec, ok := f.runner.running(name); ok {
		if f.checkLive(ctx, p) == nil {
			return ErrRunning
		}
		if err := f.runner.terminate(ctx, rec); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if halted(f.runner.logFile(name)) {
		return fmt.Errorf("%s has halted because it must not continue; read why in %s before you start it", name, f.runner.logFile(name))
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
	return process{}, fmt.Errorf("the fleet in %s has no service process %q; `bitcraps fleet status` lists them", f.dir, name)
}

func (f *Fleet) checkLive(ctx context.Context, p process) error {
	ctx, cancel := context.WithTimeout(ctx, liveTimeout)
	defer cancel()
	return p.live(ctx)
}

// haltTailBytes is how much of the end of a log is searched: a validator exits soon after it halts, so the reason is near the end.
const haltTailBytes = 64 << 10

// halted reports whether, according to its log, a validator halted and has not started since.
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
	end := make([]byte, min(info.Size(), haltTailBytes))
	n, _ := file.ReadAt(end, info.Size()-int64(len(end))) // What could be read is searched.
	return bytes.LastIndex(end[:n], []byte(`"msg":"the validator has halted"`)) > bytes.LastIndex(end[:n], []byte(`"msg":"ready"`))
}
