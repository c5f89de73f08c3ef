package game

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/run"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// sweeper finishes, at every tick, what no player's call will: rounds that a crash or an outage left undecided, turns of shooters
// that are overdue, games that are idle. It also prunes old requests and scores. It finds its work in the store, so any replica may
// die and any other take over; there is no goroutine per table. Rounds have a loop of their own, as some may wait for validators.
type sweeper struct {
	*Service
	rounds, others run.Loop
	// roundsSince is where the search for unfinished rounds goes on, if time was up for the last one before it had come to the end.
	roundsSince time.Time
}

const (
	// sweepBatch is how many items of a kind are read at once. A tick handles all unfinished rounds, and one batch of every other kind.
	sweepBatch = 200
	// sweepConcurrency is how many items are handled concurrently.
	sweepConcurrency = 32
	// sweepTimeout is how long a part of a tick's work may take, so that a store that does not answer cannot block the sweeper.
	sweepTimeout = time.Minute
	// pruneBatch is how many requests or scores one transaction deletes. Other callers wait for it.
	pruneBatch = 500
	// abandonedAfter is the age at which the sweeper takes over a committed round from the call that rolled it.
	abandonedAfter = 2 * time.Second
	// clockSkew is how far apart replicas' clocks may be.
	clockSkew = 5 * time.Second
)

func newSweeper(s *Service) *sweeper { return &sweeper{Service: s} }

func (w *sweeper) start() {
	grace := time.Duration(0) // Rounds that an earlier process left are resumed at once.
	w.rounds.Start(w.clock, w.cfg.Tables.SweepInterval, func(ctx context.Context) {
		before := w.clock.Now().Add(-grace)
		w.sweep(ctx, "unfinished rounds", func(ctx context.Context) error { return w.finishRounds(ctx, before) })
		grace = abandonedAfter
	})
	w.others.Start(w.clock, w.cfg.Tables.SweepInterval, func(ctx context.Context) {
		w.sweep(ctx, "waiting tables", w.passDice)
		w.sweep(ctx, "idle games", w.expireIdle)
		w.sweep(ctx, "old requests", w.pruneRequests)
		w.sweep(ctx, "old scores", w.pruneScores)
	})
}

func (w *sweeper) stop() {
	w.rounds.Stop()
	w.others.Stop()
}

// sweep does a part of a tick's work. If it fails, that is logged, and the part is retried at the next tick.
func (w *sweeper) sweep(ctx context.Context, part string, do func(context.Context) error) {
	if err := withSweepTimeout(ctx, do); err != nil && ctx.Err() == nil {
		w.logger.WarnContext(ctx, "sweep", "part", part, "error", err)
	}
}

func withSweepTimeout(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	return do(ctx)
}

// finishRounds finishes all unfinished rounds, batch by batch, so that rounds that can't be finished do not block those after them,
// even if the validators never answer for them. It returns the first error.
func (w *sweeper) finishRounds(ctx context.Context, before time.Time) (failed error) {
	for {
		rounds, err := w.store.UnsettledRounds(ctx, w.roundsSince, before, sweepBatch)
		if err == nil {
			err = forEach(ctx, rounds, storeUnavailable, w.finishOne)
		}
		failed = cmp.Or(failed, err)
		if err != nil && storeUnavailable(err) || ctx.Err() != nil {
			return failed
		}
		if len(rounds) < sweepBatch || rounds[sweepBatch-1].ClosedAt.Equal(w.roundsSince) {
			w.roundsSince = time.Time{}
			return failed
		}
		w.roundsSince = rounds[sweepBatch-1].ClosedAt
	}
}

// storeUnavailable reports whether an error means that the database does not answer. Validators that do not decide a round are a
// missing quorum, which may be so for that round only.
func storeUnavailable(err error) bool {
	return errs.Reason(errs.Mask(err)) == errorsv1.Reason_REASON_UNAVAILABLE
}

// finishOne finishes one committed round.
func (w *sweeper) finishOne(ctx context.Context, round *play.Round) error {
	if _, err := w.finishRound(ctx, round.Game, round.Number); err != nil {
		return fmt.Errorf("round %d of game %s: %w", round.Number, round.Game, err)
	}
	return nil
}

// forEach handles items concurrently, so that their changes share transactions. An error for one item stops the others only if it would
// fail all of them. It returns the error that stopped it, else the first error.
func forEach[T any](ctx context.Context, items []T, failsAll func(error) bool, do func(context.Context, T) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group errgroup.Group
	group.SetLimit(sweepConcurrency)
	for _, item := range items {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			err := do(ctx, item)
			if err != nil && failsAll(err) {
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
	return w.apply(ctx, due, (*play.Turn).TurnDue)
}

func (w *sweeper) expireIdle(ctx context.Context) error {
	before := w.clock.Now().Add(-w.cfg.Tables.IdleExpiry)
	idle, err := w.store.IdleGames(ctx, before, sweepBatch)
	if err != nil {
		return err
	}
	return w.apply(ctx, idle, func(turn *play.Turn) (bool, error) { return turn.Expire(before) })
}

// apply runs a rule on each game, and has the house roll if the rule asks for it.
func (w *sweeper) apply(ctx context.Context, games []uuid.UUID, rule func(*play.Turn) (rolls bool, err error)) error {
	return forEach(ctx, games, isUnavailable, func(ctx context.Context, game uuid.UUID) error {
		var committed *play.Round
		err := w.committer.do(&command{ctx: ctx, actor: game, key: play.Key{Game: game, All: true}, run: func(_ context.Context, _ play.Tx, turn *play.Turn) (*play.Turn, error) {
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

// pruneRequests deletes all old requests, batch by batch, since they accumulate as fast as bets do. It keeps them longer by clockSkew:
// a request may be from a replica whose clock is behind, and clients rely on RequestMemory.
func (w *sweeper) pruneRequests(ctx context.Context) error {
	before := w.clock.Now().Add(-w.cfg.Tables.RequestMemory - clockSkew)
	for {
		if n, err := w.store.PruneRequests(ctx, before, pruneBatch); err != nil || n < pruneBatch {
			return err
		}
	}
}
