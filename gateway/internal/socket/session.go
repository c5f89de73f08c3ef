// Package socket speaks the WebSocket protocol of docs/live.md: one connection, on which a player watches many games.
package socket

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/gateway/internal/live"
)

// LookInterval is how often the server looks whether a client is still there and still signed in. Event streams look as often.
const LookInterval = 30 * time.Second

const (
	// maxSubscriptions is how many games a connection watches at once.
	maxSubscriptions = 64
	// maxMessage is the largest message that a client may send, in bytes.
	maxMessage = 4 << 10
	// messageRate and messageBurst are how many messages a client may send in a second, and at once.
	messageRate, messageBurst = 20, 128
	// batch is how many events of one game are sent before other games have their turn.
	batch = 16
	// pendingAnswers is how many answers wait to be sent before no further message is read.
	pendingAnswers = 4
)

// Deps are what a session works with.
type Deps struct {
	Feeds *live.Feeds
	Clock clockwork.Clock
	// Admit counts a subscription against what its player and address may have; leave gives it back.
	Admit func(ctx context.Context) (leave func(), err error)
	// SignedIn reports whether the credentials that the connection was opened with still are good.
	SignedIn func(ctx context.Context) error
	// Stop ends when the gateway stops.
	Stop <-chan struct{}
}

// subscription is a game that is watched.
type subscription struct {
	*live.Cursor
	leave func()
}

func (s *subscription) close() {
	s.Close()
	s.leave()
}

// answer is what the reading side tells the writing one.
type answer struct {
	text []byte
	add  *subscription // A game to watch from here on.
	drop string        // A game to watch no more.
}

// session is one connection. One goroutine reads, another one writes and owns the subscriptions.
type session struct {
	Deps
	conn    *websocket.Conn
	player  uuid.UUID
	wake    chan struct{}
	answers chan answer
	watched []*subscription
}

// Serve speaks with a player until either side ends it, or the context does.
func Serve(ctx context.Context, conn *websocket.Conn, player uuid.UUID, deps Deps) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &session{Deps: deps, conn: conn, player: player, wake: make(chan struct{}, 1), answers: make(chan answer, pendingAnswers)}
	r := newReader(s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		r.read(ctx)
	}()
	end := s.write(ctx)
	if end != nil {
		_ = conn.Close(end.Code, end.Reason) // Waits a moment for the client's own.
	}
	_ = conn.CloseNow()
	cancel()
	<-done
	s.release()
}

// release gives back what the session held, when both sides are done.
func (s *session) release() {
	for _, sub := range s.watched {
		sub.close()
	}
	for {
		select {
		case a := <-s.answers:
			if a.add != nil {
				a.add.close()
			}
		default:
			return
		}
	}
}

// write sends what there is until the session ends. It returns why, unless the connection is gone.
func (s *session) write(ctx context.Context) *websocket.CloseError {
	silence := s.Clock.NewTicker(LookInterval)
	defer silence.Stop()
	if s.send(reply{Type: "welcome", PlayerID: s.player.String(), Subscriptions: maxSubscriptions}.text()) != nil {
		return nil
	}
	for {
		var err error
		select {
		case a := <-s.answers:
			err = s.apply(a)
		case <-s.wake:
			err = s.forward()
		case <-silence.Chan():
			if s.SignedIn(ctx) != nil {
				return &websocket.CloseError{Code: websocket.StatusPolicyViolation, Reason: "sign in again"}
			}
			go s.ping(ctx) // Its answer comes by the reading side.
		case <-s.Stop:
			return &websocket.CloseError{Code: websocket.StatusGoingAway, Reason: "connect again and resume"}
		case <-ctx.Done():
			return nil
		}
		if err != nil {
			return nil
		}
	}
}

// send sends a text, for as long as the connection lets a write take.
func (s *session) send(text []byte) error {
	return s.conn.Write(context.Background(), websocket.MessageText, text)
}

// ping ends the connection of a client that does not answer. The library lets it wait 5 seconds for a message that is being
// written, which has a deadline of its own: a client that the ping never went to goes on.
func (s *session) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if s.conn.Ping(ctx) != nil && ctx.Err() != nil {
		_ = s.conn.CloseNow()
	}
}

// apply begins or ends a subscription, and says so.
func (s *session) apply(a answer) error {
	if a.drop != "" {
		s.drop(a.drop)
	}
	if a.add != nil {
		s.drop(a.add.Game()) // A second subscription replaces the first.
		s.watched = append(s.watched, a.add)
		defer s.signal()
	}
	return s.send(a.text)
}

func (s *session) drop(game string) {
	s.watched = slices.DeleteFunc(s.watched, func(sub *subscription) bool {
		if sub.Game() != game {
			return false
		}
		sub.close()
		return true
	})
}

func (s *session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// forward sends some of what each game has, so that one with a long past does not keep the others waiting.
func (s *session) forward() error {
	room := make([]*live.Frame, 0, batch)
	for i := 0; i < len(s.watched); i++ {
		sub := s.watched[i]
		frames, end := sub.Next(room)
		for _, frame := range frames {
			if err := s.send(frame.Message); err != nil {
				return err
			}
			frame.Delivered()
		}
		if len(frames) == batch {
			s.signal() // There may be more.
		}
		if presence := sub.Presence(); presence != nil {
			if err := s.send(presence.Message); err != nil {
				return err
			}
		}
		if end != nil {
			i-- // Its place is the next one's now.
			if err := s.ended(sub, end); err != nil {
				return err
			}
		}
	}
	return nil
}

// ended says why a subscription is over, and where to resume.
func (s *session) ended(sub *subscription, why error) error {
	last := sub.Last()
	text := reply{Type: "ended", GameID: sub.Game(), AfterSequence: &last}
	if !errors.Is(why, io.EOF) {
		text.Error = statusOf(why)
	}
	s.drop(sub.Game())
	return s.send(text.text())
}
