package game

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// sweeper looks, at every tick, for what no player's call will finish: rounds that a crash or an outage left undecided,
// tables that wait for their shooter, games that nobody plays. It finds them in the store, so any replica may die and
// any other take over; there is no goroutine for each table.
type sweeper struct {
	*Service
	loop run.Loop
}

const (
	// sweepBatch is how many items of a kind are read at once: of rounds all, of others so many at each tick.
	sweepBatch = 200
	// sweepers is how many of them it handles at a time.
	sweepers = 32
	// sweepTimeout is how long a part of a tick's work may take, so that a store that does not answer is not waited for.
	sweepTimeout = time.Minute
	// requestBatch is how many requests one transaction forgets. Others wait for it.
	requestBatch = 500
	// abandonedAfter is when a committed round is taken from the call that rolled it.
	abandonedAfter = 2 * time.Second
	// clockSkew is how far replicas' clocks may be apart.
	clockSkew = 5 * time.Second
)

func newSweeper(s *Service) *sweeper { return &sweeper{Service: s} }

func (w *sweeper) start() {
	grace := time.Duration(0) // What an earlier process left is taken up at once.
	w.loop.Start(w.clock, w.cfg.Tables.SweepInterval, func(ctx context.Context) {
		w.sweep(ctx, w.clock.Now().Add(-grace))
		grace = abandonedAfter
	})
}

// sweep does one tick's work. A part that fails is logged and tried again at the next tick.
func (w *sweeper) sweep(ctx context.Context, committedBefore time.Time) {
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"unfinished rounds", func(ctx context.Context) error { return w.finishRounds(ctx, committedBefore) }},
		{"waiting tables", w.passDice},
		{"idle games", w.expire},
		{"old requests", w.forget},
		{"old scores", w.forgetScores},
	} {
		if err := bounded(ctx, part.do); err != nil && ctx.Err() == nil {
			w.logger.WarnContext(ctx, "sweep", "part", part.name, "error", err)
		}
	}
}

func bounded(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	return do(ctx)
}

// finishRounds takes up all that there are, batch by batch, so that those which can't be finished keep none behind them waiting.
// It returns the first error.
func (w *sweeper) finishRounds(ctx context.Context, before time.Time) (failed error) {
	for since := (time.Time{}); ; {
		rounds, err := w.store.Unsettled(ctx, since, before, sweepBatch)
		if err == nil {
			err = each(ctx, rounds, w.complete)
		}
		failed = cmp.Or(failed, err)
		if err != nil && isAway(err) || len(rounds) < sweepBatch || rounds[sweepBatch-1].ClosedAt.Equal(since) {
			return failed
		}
		since = rounds[sweepBatch-1].ClosedAt
	}
}

// complete takes a committed round to its end.
func (w *sweeper) complete(ctx context.Context, round *play.Round) error {
	if _, err := w.finish(ctx, round.Game, round.Number); err != nil {
		return fmt.Errorf("round %d of game %s: %w", round.Number, round.Game, err)
	}
	return nil
}

// each does something for many at a time, so that their changes share transactions. What fails for one does not stop the
// others, unless validators or database are away, which would fail for all. It returns the error that stopped it, else the first.
func each[T any](ctx context.Context, items []T, do func(context.Context, T) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group errgroup.Group
	group.SetLimit(sweepers)
	for _, item := range items {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			err := do(ctx, item)
			if err != nil && isAway(err) {
				stop(err)
			}
			return err
		})
	}
	first := group.Wait()
	return cmp.Or(context.Cause(ctx), first)
}

func (w *sweeper) passDice(ctx context.Context) error {
	due, err := w.store.TurnsDue(ctx, w.clock.Now(), sweepBatch)
	if err != nil {
		return err
	}
	return w.act(ctx, due, (*play.Turn).TurnDue)
}

func (w *sweeper) expire(ctx context.Context) error {
	before := w.clock.Now().Add(-w.cfg.Tables.IdleExpiry)
	idle, err := w.store.Idle(ctx, before, sweepBatch)
	if err != nil {
		return err
	}
	return w.act(ctx, idle, func(turn *play.Turn) (bool, error) { return turn.Expire(before) })
}

// act runs a rule on each game, and has the house roll where it says so.
func (w *sweeper) act(ctx context.Context, games []uuid.UUID, rule func(*play.Turn) (rolls bool, err error)) error {
	return each(ctx, games, func(ctx context.Context, game uuid.UUID) error {
		var committed *play.Round
		err := w.commits.do(&command{ctx: ctx, from: game, key: play.Key{Game: game, All: true}, run: func(_ context.Context, _ play.Tx, turn *play.Turn) (*play.Turn, error) {
			committed = nil
			rolls, err := rule(turn)
			if rolls {
				committed = turn.Round()
			}
			return turn, err
		}})
		if err != nil {
			return fmt.Errorf("game %s: %w", game, err)
		}
		if committed == nil {
			return nil
		}
		if _, err := w.processGameRound(ctx, committed.Game, committed.Number); err != nil {
			return fmt.Errorf("round %d of game %s: %w", committed.Number, game, err)
		}
		return nil
	})
}

// forget lets go of every old request, batch by batch: they come as fast as bets do. A request may be from a replica whose
// clock is behind, and clients rely on its memory.
func (w *sweeper) forget(ctx context.Context) error {
	before := w.clock.Now().Add(-w.cfg.Tables.RequestMemory - clockSkew)
	for {
		if n, err := w.store.PruneRequests(ctx, before, requestBatch); err != nil || n < requestBatch {
			return err
		}
	}
}
