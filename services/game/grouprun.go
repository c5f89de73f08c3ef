package game

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// groupRun is a group of commands within its transaction.
type groupRun struct {
	*Service
	ctx context.Context
	tx  play.Tx
	// turns are what must be saved, each once, in the order of the commands.
	turns []*play.Turn
	// known are the answers of requests that were made before, also within the group; fresh are those of now.
	known, fresh map[play.RequestKey]play.Request
	// causes are the contexts of the calls that events came of.
	causes map[*play.Event]context.Context
}

// all loads what the commands need, runs them in their order, and saves what they changed.
func (r *groupRun) all(group []*command) error {
	turns, err := r.load(group)
	if err != nil {
		return err
	}
	if err := r.lookUp(group); err != nil {
		return err
	}
	for i, cmd := range group {
		if err := r.one(cmd, turns[i]); err != nil {
			return err
		}
	}
	if err := r.tx.Save(r.ctx, r.turns...); err != nil || len(r.fresh) == 0 {
		return err
	}
	return r.tx.SaveRequests(r.ctx, r.fresh)
}

// lookUp finds the requests of the group that were made before.
func (r *groupRun) lookUp(group []*command) error {
	r.known, r.fresh = make(map[play.RequestKey]play.Request), make(map[play.RequestKey]play.Request)
	var keys []play.RequestKey
	for _, cmd := range group {
		if key, ok := cmd.requestKey(); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	known, err := r.tx.Requests(r.ctx, keys...)
	if err == nil {
		r.known = known
	}
	return err
}

// load returns the turn of each command; nil where there is no such game.
func (r *groupRun) load(group []*command) ([]*play.Turn, error) {
	keys := make([]play.Key, len(group))
	for i, cmd := range group {
		keys[i] = cmd.key
	}
	return r.tx.Load(r.ctx, keys...)
}

// one runs a command. What the rules refuse is the command's own error.
func (r *groupRun) one(cmd *command, turn *play.Turn) error {
	cmd.err, cmd.repeated = nil, false
	key, named := cmd.requestKey()
	if answer, known := r.known[key]; named && known {
		cmd.err, cmd.repeated = recall(answer, cmd.req, cmd.resp), true
		return nil
	}
	if turn == nil {
		cmd.err = gameNotFound(cmd.key.Game)
		return nil
	}
	changed, err := cmd.run(r.ctx, r.tx, r.ready(turn))
	if refused, ok := errors.AsType[*errs.Error](err); ok {
		cmd.err = refused
		return nil
	}
	if err != nil {
		return err
	}
	if changed != nil {
		r.changed(cmd, changed)
	}
	if !named {
		return nil
	}
	response, err := proto.Marshal(cmd.resp)
	r.fresh[key] = play.Request{Fingerprint: fingerprint(cmd.req), Response: response, At: r.now()}
	r.known[key] = r.fresh[key]
	return err
}

// changed notes a turn that must be saved, and of which call its latest events came.
func (r *groupRun) changed(cmd *command, turn *play.Turn) {
	if !slices.Contains(r.turns, turn) {
		r.turns = append(r.turns, turn)
	}
	for _, event := range slices.Backward(turn.Events) {
		if _, known := r.causes[event]; known {
			return
		}
		r.causes[event] = cmd.ctx
	}
}

// notify tells watchers and metrics the outcome; its failure undoes nothing.
func (r *groupRun) notify(err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r.logger.ErrorContext(r.ctx, "watchers were not told", "panic", cause, "stack", string(debug.Stack()))
		}
	}()
	switch {
	case err == nil:
		r.tell()
	case errs.Reason(err) == errorsv1.Reason_REASON_UNAVAILABLE: // Nobody knows what came of the commit.
		r.wake()
	}
}

// tell tells watchers and metrics what the saved turns did.
func (r *groupRun) tell() {
	for _, turn := range r.turns {
		for _, event := range turn.Events {
			r.events.Publish(r.causes[event], event.GetGameId(), uint64(event.GetSequence()), event)
		}
		r.metrics.count(turn)
	}
}

// wake has watchers look into the store for what the turns may have done.
func (r *groupRun) wake() {
	for _, turn := range r.turns {
		if turn.Game == nil { // It opened a wallet.
			continue
		}
		r.events.Publish(r.ctx, turn.Game.ID.String(), 0, nil)
	}
}

// requestKey is under what the command is remembered; ok is false for one that is not.
func (c *command) requestKey() (key play.RequestKey, ok bool) {
	if c.req == nil || c.req.GetRequestId() == "" {
		return play.RequestKey{}, false
	}
	return play.RequestKey{Player: c.from, ID: c.req.GetRequestId()}, true
}
