package game

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// sweeper looks, at every tick, for what no player's call will finish: rounds that a crash or an outage left undecided,
// tables that wait for their shooter, games that nobody plays. It finds them in the store, so any replica may die and
// any other take over; there is no goroutine for each table.
type sweeper struct {
	*Service
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

const (
	// sweepBatch is how many items of a kind one tick handles.
	sweepBatch = 200
	// requestBatch is how many requests one transaction forgets. Others wait for it.
	requestBatch = 500
	// abandonedAfter is when a committed round is taken from the call that rolled it.
	abandonedAfter = 2 * time.Second
	// clockSkew is how far replicas' clocks may be apart.
	clockSkew = 5 * time.Second
)

func newSweeper(s *Service) *sweeper { return &sweeper{Service: s} }

func (w *sweeper) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.ended.Go(func() {
		ticker := w.clock.NewTicker(w.cfg.Tables.SweepInterval)
		defer ticker.Stop()
		w.sweep(ctx, w.clock.Now()) // What an earlier process left is taken up at once.
		for {
			select {
			case <-ticker.Chan():
				w.sweep(ctx, w.clock.Now().Add(-abandonedAfter))
			case <-ctx.Done():
				return
			}
		}
	})
}

func (w *sweeper) stop() {
	if w.cancel != nil {
		w.cancel()
	}
	w.ended.Wait()
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
	} {
		if err := part.do(ctx); err != nil && ctx.Err() == nil {
			w.logger.WarnContext(ctx, "sweep", "part", part.name, "error", err)
		}
	}
}

func (w *sweeper) finishRounds(ctx context.Context, before time.Time) error {
	rounds, err := w.store.Unsettled(ctx, before, sweepBatch)
	if err != nil {
		return err
	}
	for _, round := range rounds {
		if _, err := w.finish(ctx, round.Game, round.Number); err != nil {
			return err // The validators are away; the other rounds would fail too.
		}
	}
	return nil
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

// act runs a command on games in one transaction, and has the house roll where it says so.
func (w *sweeper) act(ctx context.Context, games []uuid.UUID, command func(*play.Turn) (rolls bool, err error)) error {
	if len(games) == 0 {
		return nil
	}
	keys := make([]play.Key, len(games))
	for i, id := range games {
		keys[i] = play.Key{Game: id, All: true}
	}
	var turns []*play.Turn
	var committed []*play.Round
	err := w.store.Update(ctx, func(tx play.Tx) (err error) {
		committed = nil
		if turns, err = tx.Load(ctx, keys...); err != nil {
			return err
		}
		for _, turn := range turns {
			rolls, err := command(w.ready(turn))
			if err != nil {
				return err
			}
			if rolls {
				committed = append(committed, turn.Round())
			}
		}
		return tx.Save(ctx, turns...)
	})
	if err != nil {
		return err
	}
	w.done(turns...)
	for _, round := range committed {
		if _, err := w.finish(ctx, round.Game, round.Number); err != nil {
			return err
		}
	}
	return nil
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
