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

// reader is the side of a session that takes a client's messages. It asks the game service, so that the writing side never
// waits for it.
type reader struct {
	*session
	limit *rate.Limiter

	mu   sync.Mutex
	open map[string]*subscription // By their games. Those that the writing side has yet to drop are no more among them.
}

func newReader(s *session) *reader {
	return &reader{session: s, limit: rate.NewLimiter(messageRate, messageBurst), open: make(map[string]*subscription)}
}

// read takes messages until the connection ends or a message ends it.
func (r *reader) read(ctx context.Context) {
	for {
		kind, text, err := r.conn.Read(ctx)
		if err != nil {
			return // It is closed, with the code that the library gives broken frames and large ones.
		}
		code, reason := r.take(ctx, kind, text)
		if code != 0 {
			_ = r.conn.Close(code, reason)
			return
		}
	}
}

// take handles a message. It returns the code to close with where the client does not speak this protocol.
func (r *reader) take(ctx context.Context, kind websocket.MessageType, text []byte) (websocket.StatusCode, string) {
	if !r.limit.AllowN(r.Clock.Now(), 1) {
		return websocket.StatusPolicyViolation, "too many messages"
	}
	if kind != websocket.MessageText {
		return websocket.StatusUnsupportedData, "send text"
	}
	if !utf8.Valid(text) {
		return websocket.StatusInvalidFramePayloadData, "the text is not UTF-8"
	}
	c, err := parse(text)
	if err != nil {
		return websocket.StatusPolicyViolation, err.Error()
	}
	a := answer{text: reply{Type: "pong", ID: c.ID}.text()}
	switch c.Op {
	case opSubscribe:
		a = r.subscribe(ctx, c)
	case opUnsubscribe:
		a = r.unsubscribe(c)
	}
	select {
	case r.answers <- a:
	case <-ctx.Done():
		if a.add != nil {
			a.add.close()
		}
	}
	return 0, ""
}

// subscribe begins to watch a game, or says why not.
func (r *reader) subscribe(ctx context.Context, c command) answer {
	sub, err := r.follow(ctx, c)
	if err != nil {
		return answer{text: reply{Type: "error", ID: c.ID, GameID: c.GameID, Error: statusOf(err)}.text()}
	}
	return answer{text: reply{Type: "subscribed", ID: c.ID, GameID: sub.Game(), AfterSequence: &c.AfterSequence}.text(), add: sub}
}

func (r *reader) follow(ctx context.Context, c command) (*subscription, error) {
	id, err := uuid.Parse(c.GameID)
	if err != nil {
		return nil, notAnID()
	}
	game := id.String()
	if r.full(game) {
		return nil, errs.New(errorsv1.Reason_REASON_TOO_MANY_SUBSCRIPTIONS, "the connection watches %d games already; unsubscribe from one first", maxSubscriptions).
			With("max_subscriptions", maxSubscriptions)
	}
	leave, err := r.Admit(ctx)
	if err != nil {
		return nil, err
	}
	cursor, err := r.Feeds.Follow(ctx, game, c.AfterSequence, r.player, r.wake)
	if err != nil {
		leave()
		return nil, err
	}
	sub := &subscription{Cursor: cursor}
	sub.leave = func() { r.forget(game, sub); leave() }
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[game] = sub
	return sub, nil
}

// full reports whether there is no place for a game. One that is watched keeps its place.
func (r *reader) full(game string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[game] == nil && len(r.open) >= maxSubscriptions
}

// forget frees the place of a subscription, where another one for the same game does not have it.
func (r *reader) forget(game string, sub *subscription) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open[game] == sub {
		delete(r.open, game)
	}
}

// unsubscribe ends what may have ended already, so it never fails for a game that there could be. The place is free at once.
func (r *reader) unsubscribe(c command) answer {
	id, err := uuid.Parse(c.GameID)
	if err != nil {
		return answer{text: reply{Type: "error", ID: c.ID, GameID: c.GameID, Error: statusOf(notAnID())}.text()}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, id.String())
	return answer{text: reply{Type: "unsubscribed", ID: c.ID, GameID: id.String()}.text(), drop: id.String()}
}

func notAnID() error {
	return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "game_id is no UUID; send the id of a game").Field("game_id", "must be a UUID")
}
