package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

var (
	rules = play.Rules{Grant: 1000, ShooterTimeout: time.Minute,
		Protection: protection.Rules{IncreaseDelay: 24 * time.Hour, SessionIdle: 15 * time.Minute}}
	// errBeforeCommit fails a group after everything but its commit.
	errBeforeCommit = errors.New("failed after the commands")
)

// command is a player's command. It draws random values from its own seed, so that it is the same on each store.
type command struct {
	key     play.Key
	player  uuid.UUID
	seed    uint64
	request string
	do      func(c command, ctx context.Context, r *rand.Rand, tx play.Tx, turn *play.Turn) (string, error)
}

type group struct {
	number   int
	now      time.Time
	seed     uint64
	commands []command
	failure  error // The error that the transaction returns in the end.
}

// group draws commands. Players repeat some of their requests, and time advances, sometimes by hours.
func (w *workload) group(number int) group {
	w.now = w.now.Add(time.Millisecond)
	if w.IntN(4) == 0 {
		w.now = w.now.Add(time.Duration(w.Int64N(int64(3 * time.Hour)))).Truncate(time.Microsecond)
	}
	g := group{number: number, now: w.now, seed: w.Uint64()}
	if w.IntN(10) == 0 {
		g.failure = errBeforeCommit
	}
	if w.IntN(25) == 0 { // Setting a limit has a transaction of its own.
		c := command{player: pick(w.Rand, w.players), seed: w.Uint64()}
		c.key, c.do = play.Key{Player: c.player}, command.limit
		g.commands = []command{c}
		return g
	}
	for range 1 + w.IntN(6) {
		c := w.command()
		if w.IntN(3) == 0 {
			c.request = fmt.Sprintf("q%d<&>'\"", w.IntN(40))
		}
		g.commands = append(g.commands, c)
	}
	return g
}

// run runs a group as the service does: a refused command changes nothing, and its error is an answer like any other.
func (w *workload) run(store play.Store, g group) (answers []string, err error) {
	var opened []uuid.UUID
	err = store.Update(w.t.Context(), func(tx play.Tx) error {
		answers, opened = nil, nil
		ids, ctx := rand.New(rand.NewPCG(g.seed, 1)), w.t.Context()
		var keys []play.Key
		var requests []play.RequestKey
		for _, c := range g.commands {
			keys, requests = append(keys, c.key), append(requests, play.RequestKey{Player: c.player, ID: c.request})
		}
		turns, err := tx.Load(ctx, keys...)
		if err != nil {
			return err
		}
		known, err := tx.Requests(ctx, slices.DeleteFunc(slices.Clone(requests), func(k play.RequestKey) bool { return k.ID == "" })...)
		if err != nil {
			return err
		}
		newRequests, changed := make(map[play.RequestKey]play.Request), []*play.Turn(nil)
		for i, c := range g.commands {
			turn, first := turns[i], known[requests[i]]
			if c.request != "" && first.Response != nil {
				answers = append(answers, "again "+string(first.Response))
				continue
			}
			turn.Rules, turn.Now = rules, g.now
			turn.NewID = func() uuid.UUID { return idFrom(g.now, ids) }
			answer, err := c.do(c, ctx, rand.New(rand.NewPCG(c.seed, 2)), tx, turn)
			if refused, ok := errors.AsType[*errs.Error](err); ok {
				answers = append(answers, refused.Error())
				continue
			}
			if err != nil {
				return err
			}
			answers = append(answers, answer)
			if turn.New {
				opened = append(opened, turn.Game.ID)
			}
			if !slices.Contains(changed, turn) {
				changed = append(changed, turn)
			}
			if c.request != "" {
				newRequests[requests[i]] = play.Request{Fingerprint: []byte{1}, Response: fmt.Append(nil, g.number, ":", i), At: g.now}
				known[requests[i]] = newRequests[requests[i]]
			}
		}
		return errors.Join(tx.Save(ctx, changed...), tx.SaveRequests(ctx, newRequests), g.failure)
	})
	if err == nil {
		for _, id := range opened {
			if !slices.Contains(w.games, id) {
				w.games = append(w.games, id)
			}
		}
	}
	return answers, err
}
