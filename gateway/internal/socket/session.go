// Package socket implements the WebSocket protocol of docs/live.md, by which a player watches many games on one connection.
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

// RevalidateInterval is how often the server checks that a client is still connected and its credentials are still valid. Event streams
// use it, too.
const RevalidateInterval = 30 * time.Second

const (
	// maxSubscriptions is the maximum number of games watched on one connection.
	maxSubscriptions = 64
	// maxMessage is the maximum size of a client's message in bytes.
	maxMessage = 4 << 10
	// messageRate and messageBurst limit the client's messages, per second and in a burst, and separately the pings that are answered.
	messageRate, messageBurst = 20, 128
	// eventBatch is how many events of one game are sent before the next game has its turn.
	eventBatch = 16
	// maxPendingResponses is how many unsent responses there may be before reading pauses.
	maxPendingResponses = 4
)

// Deps are a session's dependencies.
type Deps struct {
	Feeds *live.Feeds
	Clock clockwork.Clock
	// Acquire counts a subscription against the limits of its player and address; release stops counting it.
	Acquire func(ctx context.Context) (release func(), err error)
	// Revalidate fails if the credentials with which the connection was opened are no longer valid.
	Revalidate func(ctx context.Context) error
	// Stop is closed when the gateway stops.
	Stop <-chan struct{}
}

// subscription is one watched game.
type subscription struct {
	*live.Cursor
	release func()
}

func (s *subscription) close() {
	s.Close()
	s.release()
}

// response is what the reading goroutine passes to the writing one: the reply to a message, and a change of subscriptions.
type response struct {
	text []byte
	add  *subscription // A subscription to add.
	drop string        // The game whose subscription to end.
}

// session is one connection. One goroutine reads; another one writes and owns the cursors.
type session struct {
	Deps
	conn          *websocket.Conn
	player        uuid.UUID
	wake          chan struct{}
	responses     chan response
	subscriptions []*subscription
}

// Serve serves a player's connection until either side closes it, or the context ends.
func Serve(ctx context.Context, conn *websocket.Conn, player uuid.UUID, deps Deps) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &session{Deps: deps, conn: conn, player: player, wake: make(chan struct{}, 1), responses: make(chan response, maxPendingResponses)}
	r := newReader(s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		r.read(ctx)
	}()
	end := s.write(ctx)
	if end != nil {
		_ = conn.Close(end.Code, end.Reason) // Waits briefly for the client's close frame.
	}
	_ = conn.CloseNow()
	cancel()
	<-done
	s.release()
}

// release closes the session's subscriptions, after both goroutines have ended.
func (s *session) release() {
	for _, sub := range s.subscriptions {
		sub.close()
	}
	for {
		select {
		case a := <-s.responses:
			if a.add != nil {
				a.add.close()
			}
		default:
			return
		}
	}
}

// write sends messages until the session ends. It returns the reason to close the connection with, or nil if the connection is gone.
func (s *session) write(ctx context.Context) *websocket.CloseError {
	heartbeat := s.Clock.NewTicker(RevalidateInterval)
	defer heartbeat.Stop()
	if s.send(reply{Type: "welcome", PlayerID: s.player.String(), Subscriptions: maxSubscriptions}.text()) != nil {
		return nil
	}
	for {
		var err error
		select {
		case a := <-s.responses:
			err = s.apply(a)
		case <-s.wake:
			err = s.forward()
		case <-heartbeat.Chan():
			if s.Revalidate(ctx) != nil {
				return &websocket.CloseError{Code: websocket.StatusPolicyViolation, Reason: "sign in again"}
			}
			go s.ping(ctx) // The reading goroutine receives the pong.
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

// send sends a text message. The connection bounds its duration.
func (s *session) send(text []byte) error {
	return s.conn.Write(context.Background(), websocket.MessageText, text)
}

// ping closes the connection of a client that does not respond. The library waits up to 5 seconds for a message in progress, which has
// its own deadline; if the ping could not be sent for that reason, the connection stays open.
func (s *session) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if s.conn.Ping(ctx) != nil && ctx.Err() != nil {
		_ = s.conn.CloseNow()
	}
}

// apply adds or ends a subscription, and sends the reply.
func (s *session) apply(a response) error {
	if a.drop != "" {
		s.drop(a.drop)
	}
	if a.add != nil {
		s.drop(a.add.Game()) // A second subscription replaces the first.
		s.subscriptions = append(s.subscriptions, a.add)
		defer s.signal()
	}
	return s.send(a.text)
}

func (s *session) drop(game string) {
	s.subscriptions = slices.DeleteFunc(s.subscriptions, func(sub *subscription) bool {
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

// forward sends a batch of each game's events, so that a game with many past events does not delay the others.
func (s *session) forward() error {
	buffer := make([]*live.Frame, 0, eventBatch)
	for i := 0; i < len(s.subscriptions); i++ {
		sub := s.subscriptions[i]
		frames, end := sub.Next(buffer)
		for _, frame := range frames {
			if err := s.send(frame.Message); err != nil {
				return err
			}
			frame.Delivered()
		}
		if len(frames) == eventBatch {
			s.signal() // There may be more.
		}
		if presence := sub.Presence(); presence != nil {
			if err := s.send(presence.Message); err != nil {
				return err
			}
		}
		if end != nil {
			i-- // ended removes it from the slice.
			if err := s.ended(sub, end); err != nil {
				return err
			}
		}
	}
	return nil
}

// ended ends a subscription, and tells the client why and where to resume.
func (s *session) ended(sub *subscription, why error) error {
	last := sub.Last()
	text := reply{Type: "ended", GameID: sub.Game(), AfterSequence: &last}
	if !errors.Is(why, io.EOF) {
		text.Error = statusOf(why)
	}
	s.drop(sub.Game())
	return s.send(text.text())
}
