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

// groupTransaction runs a group of commands within one transaction.
type groupTransaction struct {
	*Service
	ctx context.Context
	tx  play.Tx
	// turns are the turns to save, each once, in the order of the commands.
	turns []*play.Turn
	// answered has the requests that were answered before, also within the group; unsaved has those of the group that must be saved.
	answered, unsaved map[play.RequestKey]play.Request
	// causes has, for each event, the context of the call that caused it.
	causes map[*play.Event]context.Context
}

// execute loads what the commands need, runs them in order, and saves what they changed.
func (r *groupTransaction) execute(group []*command) error {
	turns, err := r.loadTurns(group)
	if err != nil {
		return err
	}
	if err := r.loadRequests(group); err != nil {
		return err
	}
	for i, cmd := range group {
		if err := r.executeCommand(cmd, turns[i]); err != nil {
			return err
		}
	}
	if err := r.tx.Save(r.ctx, r.turns...); err != nil || len(r.unsaved) == 0 {
		return err
	}
	return r.tx.SaveRequests(r.ctx, r.unsaved)
}

// loadRequests loads the group's requests that were answered before.
func (r *groupTransaction) loadRequests(group []*command) error {
	r.answered, r.unsaved = make(map[play.RequestKey]play.Request), make(map[play.RequestKey]play.Request)
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
		r.answered = known
	}
	return err
}

// loadTurns returns the turn of each command, nil if its game does not exist.
func (r *groupTransaction) loadTurns(group []*command) ([]*play.Turn, error) {
	keys := make([]play.Key, len(group))
	for i, cmd := range group {
		keys[i] = cmd.key
	}
	return r.tx.Load(r.ctx, keys...)
}

// executeCommand runs a command. A refusal by the rules is the command's own error and does not fail the group.
func (r *groupTransaction) executeCommand(cmd *command, turn *play.Turn) error {
	cmd.err, cmd.repeated = nil, false
	key, hasID := cmd.requestKey()
	if answer, known := r.answered[key]; hasID && known {
		cmd.err, cmd.repeated = replayResponse(answer, cmd.req, cmd.resp), true
		return nil
	}
	if turn == nil {
		cmd.err = gameNotFound(cmd.key.Game)
		return nil
	}
	changed, err := cmd.run(r.ctx, r.tx, r.prepare(turn))
	if refused, ok := errors.AsType[*errs.Error](err); ok {
		cmd.err = refused
		return nil
	}
	if err != nil {
		return err
	}
	if changed != nil {
		r.recordChange(cmd, changed)
	}
	if !hasID {
		return nil
	}
	response, err := proto.Marshal(cmd.resp)
	r.unsaved[key] = play.Request{Fingerprint: fingerprint(cmd.req), Response: response, At: r.now()}
	r.answered[key] = r.unsaved[key]
	return err
}

// recordChange adds a turn to those to save, and records which call caused its new events.
func (r *groupTransaction) recordChange(cmd *command, turn *play.Turn) {
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

// notify tells watchers and metrics the outcome. It runs after the commit, so a panic here must not fail the commands.
func (r *groupTransaction) notify(err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r.logger.ErrorContext(r.ctx, "watchers were not notified", "panic", cause, "stack", string(debug.Stack()))
		}
	}()
	switch {
	case err == nil:
		r.publish()
	case errs.Reason(err) == errorsv1.Reason_REASON_UNAVAILABLE: // The outcome of the commit is unknown.
		r.wakeWatchers()
	}
}

// publish sends the events of the saved turns to watchers, and counts them in the metrics.
func (r *groupTransaction) publish() {
	for _, turn := range r.turns {
		for _, event := range turn.Events {
			r.events.Publish(r.causes[event], event.GetGameId(), uint64(event.GetSequence()), event)
		}
		r.metrics.count(turn)
	}
}

// wakeWatchers has watchers read from the store the events that the turns may have added.
func (r *groupTransaction) wakeWatchers() {
	for _, turn := range r.turns {
		if turn.Game == nil { // It opened a wallet.
			continue
		}
		r.events.Publish(r.ctx, turn.Game.ID.String(), 0, nil)
	}
}

// requestKey returns the key under which the command's answer is remembered; ok is false if the command has no request id.
func (c *command) requestKey() (key play.RequestKey, ok bool) {
	if c.req == nil || c.req.GetRequestId() == "" {
		return play.RequestKey{}, false
	}
	return play.RequestKey{Player: c.actor, ID: c.req.GetRequestId()}, true
}
