package socket

import (
	"context"
	"sync"
	"unicode/utf8"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// reader is the goroutine of a session that handles the client's messages. It makes the calls to the game service, so that the writing
// goroutine never waits for them.
type reader struct {
	*session
	limit *rate.Limiter

	mu            sync.Mutex
	subscriptions map[string]*subscription // By game. Excludes those that the writing goroutine has yet to drop.
}

func newReader(s *session) *reader {
	return &reader{session: s, limit: rate.NewLimiter(messageRate, messageBurst), subscriptions: make(map[string]*subscription)}
}

// read handles messages until the connection ends or a message ends it.
func (r *reader) read(ctx context.Context) {
	for {
		kind, text, err := r.conn.Read(ctx)
		if err != nil {
			return // The library has closed it, with the right code for malformed or oversized frames.
		}
		code, reason := r.handle(ctx, kind, text)
		if code != 0 {
			_ = r.conn.Close(code, reason)
			return
		}
	}
}

// handle handles a message. It returns the code to close the connection with if the client violates the protocol, and 0 otherwise.
func (r *reader) handle(ctx context.Context, kind websocket.MessageType, text []byte) (websocket.StatusCode, string) {
	if !r.limit.AllowN(r.Clock.Now(), 1) {
		return websocket.StatusPolicyViolation, "too many messages"
	}
	if kind != websocket.MessageText {
		return websocket.StatusUnsupportedData, "messages must be text"
	}
	if !utf8.Valid(text) {
		return websocket.StatusInvalidFramePayloadData, "the text is not UTF-8"
	}
	c, err := parse(text)
	if err != nil {
		return websocket.StatusPolicyViolation, err.Error()
	}
	a := response{text: reply{Type: "pong", ID: c.ID}.text()}
	switch c.Op {
	case opSubscribe:
		a = r.subscribe(ctx, c)
	case opUnsubscribe:
		a = r.unsubscribe(c)
	}
	select {
	case r.responses <- a:
	case <-ctx.Done():
		if a.add != nil {
			a.add.close()
		}
	}
	return 0, ""
}

// subscribe starts to watch a game, or responds with the error.
func (r *reader) subscribe(ctx context.Context, c command) response {
	sub, err := r.follow(ctx, c)
	if err != nil {
		return response{text: reply{Type: "error", ID: c.ID, GameID: c.GameID, Error: statusOf(err)}.text()}
	}
	return response{text: reply{Type: "subscribed", ID: c.ID, GameID: sub.Game(), AfterSequence: &c.AfterSequence}.text(), add: sub}
}

func (r *reader) follow(ctx context.Context, c command) (*subscription, error) {
	id, err := uuid.Parse(c.GameID)
	if err != nil {
		return nil, invalidGameID()
	}
	game := id.String()
	if r.full(game) {
		return nil, errs.New(errorsv1.Reason_REASON_TOO_MANY_SUBSCRIPTIONS, "the connection already watches %d games; unsubscribe from one first", maxSubscriptions).
			WithMetadata("max_subscriptions", maxSubscriptions)
	}
	release, err := r.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	cursor, err := r.Feeds.Follow(ctx, game, c.AfterSequence, r.player, r.wake)
	if err != nil {
		release()
		return nil, err
	}
	sub := &subscription{Cursor: cursor}
	sub.release = func() { r.remove(game, sub); release() }
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subscriptions[game] = sub
	return sub, nil
}

// full reports whether a subscription to a game would exceed the maximum. A game already subscribed to does not count twice.
func (r *reader) full(game string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.subscriptions[game] == nil && len(r.subscriptions) >= maxSubscriptions
}

// remove removes a subscription unless another one to the same game has replaced it.
func (r *reader) remove(game string, sub *subscription) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.subscriptions[game] == sub {
		delete(r.subscriptions, game)
	}
}

// unsubscribe ends a subscription. It does not fail if there is none, since the game may just have ended. The subscription stops counting
// at once.
func (r *reader) unsubscribe(c command) response {
	id, err := uuid.Parse(c.GameID)
	if err != nil {
		return response{text: reply{Type: "error", ID: c.ID, GameID: c.GameID, Error: statusOf(invalidGameID())}.text()}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.subscriptions, id.String())
	return response{text: reply{Type: "unsubscribed", ID: c.ID, GameID: id.String()}.text(), drop: id.String()}
}

func invalidGameID() error {
	return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "game_id is not a UUID; send the id of a game").Field("game_id", "must be a UUID")
}
