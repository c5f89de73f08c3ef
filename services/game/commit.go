package game

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/fairqueue"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// Commands of many callers are written together: those that arrive while one transaction is on its way to the disk share
// the next one. Nobody waits for a group to fill, so a lone command is as quick as by itself; and each is answered only
// once its transaction is durable.

const (
	// maxGroup is how many commands share a transaction at most.
	maxGroup = 256
	// commitTimeout is how long a transaction may take. A caller who does not wait that long learns the outcome by the
	// same request id.
	commitTimeout = 10 * time.Second
)

// command is one caller's change.
type command struct {
	ctx context.Context
	// from is in whose turn the command waits: a player, or a game where the house acts.
	from uuid.UUID
	// key is what must be loaded; without a game it is a turn to make one with.
	key play.Key
	// req and resp make a retry with the same request id get the first answer; req is nil for calls without one.
	req  request
	resp proto.Message
	// run changes the turn on the loaded game, or makes one. It returns the turn that must be saved, nil where there is
	// nothing to save. It may be called more than once, with the context of the group. A command that fails has changed
	// nothing.
	run func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error)

	err error
	// repeated is true where resp is the answer to an earlier request with the same id. run may have run all the same, in vain.
	repeated bool
	done     chan struct{}
	// written is the span of the transaction that the command was in.
	written trace.SpanContext
}

// committer writes commands in groups.
type committer struct {
	*Service
	queue   *fairqueue.Queue[uuid.UUID, *command]
	writers sync.WaitGroup
}

func newCommitter(s *Service) *committer {
	return &committer{Service: s, queue: fairqueue.New[uuid.UUID, *command](s.cfg.Commit.Queue, s.cfg.Commit.QueuePerPlayer)}
}

func (c *committer) start() {
	for range c.cfg.Commit.Writers {
		c.writers.Go(func() {
			for {
				group := c.queue.Take(context.Background(), maxGroup)
				if group == nil {
					return // The queue is closed and empty.
				}
				c.commit(group)
			}
		})
	}
}

// stop writes what waits and ends.
func (c *committer) stop() {
	c.queue.Close()
	c.writers.Wait()
}

// do has a command written and waits until it is durable. Where it fails since the caller gave up, the command may still be running: what
// it sets must not be read then.
func (c *committer) do(cmd *command) (err error) {
	var span trace.Span
	cmd.ctx, span = telemetry.Child(cmd.ctx, "commit")
	defer func() { telemetry.End(span, err) }()
	cmd.done = make(chan struct{})
	switch err := c.queue.Put(cmd.from, cmd); {
	case errors.Is(err, fairqueue.ErrFull):
		return errs.New(errorsv1.Reason_REASON_OVERLOADED, "too many changes wait to be written; try again").RetryAfter(retryDelay)
	case err != nil:
		return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the service is stopping; try again").RetryAfter(retryDelay)
	}
	select {
	case <-cmd.done:
		if cmd.written.IsValid() {
			span.AddLink(trace.Link{SpanContext: cmd.written})
		}
		return cmd.err
	case <-cmd.ctx.Done():
		return cmd.ctx.Err()
	}
}

// commit writes a group. Where something is wrong within it each command is tried alone, so that one that the store does
// not take fails by itself.
func (c *committer) commit(group []*command) {
	group = slices.DeleteFunc(group, func(cmd *command) bool {
		if cmd.err = cmd.ctx.Err(); cmd.err != nil { // Its caller has given up.
			close(cmd.done)
		}
		return cmd.err != nil
	})
	if len(group) == 0 {
		return
	}
	c.metrics.group(len(group))
	err := c.write(group)
	alone := len(group) > 1 && oneIsWrong(err)
	for _, cmd := range group {
		if alone { // Until it turns out that the database itself is away, and never for a caller who has given up.
			if err = cmd.ctx.Err(); err == nil {
				err = c.write([]*command{cmd})
				alone = err == nil || oneIsWrong(err)
			}
		}
		if err != nil {
			cmd.err = err
		}
		close(cmd.done)
	}
}

// oneIsWrong reports whether an error of a transaction can be that of one command. A database that is away is so for all;
// and where it does not say what came of a commit, a command without a request id must not run again.
func oneIsWrong(err error) bool {
	return err != nil && errs.Reason(errs.Mask(err)) == errorsv1.Reason_REASON_INTERNAL
}

// write runs a group's commands in one transaction, and tells of it. What the rules refuse is in each command's err; an
// error of the store is returned, and nothing was written.
func (c *committer) write(group []*command) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(leader(group).ctx), commitTimeout)
	defer cancel()
	ctx, span := traced(ctx, group)
	defer func() { telemetry.End(span, err) }()
	run, err := c.transact(ctx, group)
	if run != nil {
		run.notify(err)
	}
	return err
}

// transact runs the commands in a transaction, and anew where another one was in its way.
func (c *committer) transact(ctx context.Context, group []*command) (run *groupRun, err error) {
	defer func() { // The commands run here, not under the server's recovery.
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	err = c.store.Update(ctx, func(tx play.Tx) error {
		run = &groupRun{Service: c.Service, ctx: ctx, tx: tx, causes: make(map[*play.Event]context.Context)}
		return run.all(group)
	})
	return run, err
}
