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

// Commands of many callers are committed in groups: those that arrive while one transaction is being written to disk share the
// next one. No command waits for a group to fill, so a lone command is as fast as without groups; and each is answered only once
// its transaction is durable.

const (
	// maxGroup is the maximum number of commands that share a transaction.
	maxGroup = 256
	// commitTimeout is how long a transaction may take. A caller that gives up earlier learns the outcome by retrying with the
	// same request id.
	commitTimeout = 10 * time.Second
)

// command is one caller's change.
type command struct {
	ctx context.Context
	// actor is the key under which the command is queued: a player, or a game if the house acts.
	actor uuid.UUID
	// key selects what must be loaded; without a game it loads a turn that can create one.
	key play.Key
	// req and resp give a retry with the same request id the first answer; req is nil for calls without a request id.
	req  request
	resp proto.Message
	// run changes the loaded game's turn, or creates a game. It returns the turn to save, or nil if there is nothing to save.
	// It is called with the context of the group, possibly more than once. If it fails, it must have changed nothing.
	run func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error)

	err error
	// repeated is true if resp is the answer to an earlier request with the same id. run may have been called nevertheless, without
	// effect.
	repeated bool
	done     chan struct{}
	// transactionSpan is the span of the transaction that wrote the command.
	transactionSpan trace.SpanContext
}

// committer commits commands in groups.
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

// stop writes the commands that are still queued, and stops the writers.
func (c *committer) stop() {
	c.queue.Close()
	c.writers.Wait()
}

// do queues a command and waits until it is durable. If it fails because the caller gave up, the command may still be running: what
// it sets must not be read then.
func (c *committer) do(cmd *command) (err error) {
	var span trace.Span
	cmd.ctx, span = telemetry.Child(cmd.ctx, "commit")
	defer func() { telemetry.End(span, err) }()
	cmd.done = make(chan struct{})
	switch err := c.queue.Put(cmd.actor, cmd); {
	case errors.Is(err, fairqueue.ErrFull):
		return errs.New(errorsv1.Reason_REASON_OVERLOADED, "too many changes are waiting to be written; try again").RetryAfter(retryDelay)
	case err != nil:
		return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the service is stopping; try again").RetryAfter(retryDelay)
	}
	select {
	case <-cmd.done:
		if cmd.transactionSpan.IsValid() {
			span.AddLink(trace.Link{SpanContext: cmd.transactionSpan})
		}
		return cmd.err
	case <-cmd.ctx.Done():
		return cmd.ctx.Err()
	}
}

// commit writes a group. If one of its commands may be at fault for an error, each command is retried alone, so that only the one
// that the store rejects fails.
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
	c.metrics.observeGroup(len(group))
	err := c.write(group)
	retryAlone := len(group) > 1 && causedByCommand(err)
	for _, cmd := range group {
		if retryAlone { // Until the database itself turns out to be unavailable, and never for a caller that has given up.
			if err = cmd.ctx.Err(); err == nil {
				err = c.write([]*command{cmd})
				retryAlone = err == nil || causedByCommand(err)
			}
		}
		if err != nil {
			cmd.err = err
		}
		close(cmd.done)
	}
}

// causedByCommand reports whether a single command may have caused a transaction's error. A database that is unavailable is so for
// all commands; and if the outcome of a commit is unknown, a command without a request id must not run again.
func causedByCommand(err error) bool {
	return err != nil && errs.Reason(errs.Mask(err)) == errorsv1.Reason_REASON_INTERNAL
}

// write runs a group's commands in one transaction, and notifies watchers and metrics. Refusals by the rules are in each command's
// err; an error of the store is returned, and then nothing was written, unless the outcome of the commit is unknown.
func (c *committer) write(group []*command) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(leader(group).ctx), commitTimeout)
	defer cancel()
	ctx, span := startGroupSpan(ctx, group)
	defer func() { telemetry.End(span, err) }()
	run, err := c.transact(ctx, group)
	if run != nil {
		run.notify(err)
	}
	return err
}

// transact runs the commands in a transaction; the store runs them again after a conflict with another transaction.
func (c *committer) transact(ctx context.Context, group []*command) (run *groupTransaction, err error) {
	defer func() { // The commands run in this goroutine, outside of the server's panic recovery.
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	err = c.store.Update(ctx, func(tx play.Tx) error {
		run = &groupTransaction{Service: c.Service, ctx: ctx, tx: tx, causes: make(map[*play.Event]context.Context)}
		return run.execute(group)
	})
	return run, err
}
