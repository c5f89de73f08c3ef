package socket

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
)

// pipes is a network without buffers, unlike memnet: a write blocks until the client reads. Its deadlines use the fake time of a
// synctest bubble.
type pipes struct {
	net.Listener
	server chan net.Conn
	closed chan struct{}
}

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.server <- server
	return client, nil
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.server:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

// connect opens a WebSocket over such a network and returns the client's end. serve receives the server's end.
func connect(t *testing.T, serve func(*websocket.Conn)) *websocket.Conn {
	t.Helper()
	network := &pipes{server: make(chan net.Conn), closed: make(chan struct{})}
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := Accept(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		serve(conn)
	})}
	go func() { _ = server.Serve(network) }()
	client, _, err := websocket.Dial(t.Context(), "http://gateway", &websocket.DialOptions{Subprotocols: []string{Protocol},
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: network.dial}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.CloseNow()
		_ = server.Close()
	})
	return client
}

// serveSession connects a client to a session whose credentials stay valid. Calling stop stops the gateway.
func serveSession(t *testing.T, deps Deps) (client *websocket.Conn, stop func()) {
	t.Helper()
	stopped := make(chan struct{})
	deps.Clock, deps.Stop, deps.Revalidate = clockwork.NewRealClock(), stopped, func(context.Context) error { return nil }
	client = connect(t, func(conn *websocket.Conn) { go Serve(context.Background(), conn, uuid.Nil, deps) })
	return client, func() { close(stopped) }
}

// TestIdleConnectionStaysOpen sends nothing but pings for an hour, which is longer than a single write may take.
func TestIdleConnectionStaysOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, stop := serveSession(t, Deps{})
		received := make(chan error, 4)
		go func() {
			defer close(received)
			for {
				_, _, err := client.Read(t.Context())
				if received <- err; err != nil {
					return
				}
			}
		}()
		if err := <-received; err != nil { // Welcome.
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := client.Write(t.Context(), websocket.MessageText, []byte(`{"op":"ping"}`)); err != nil {
			t.Fatal(err)
		}
		if err := <-received; err != nil {
			t.Errorf("an hour later: %v", err)
		}
		time.Sleep(2 * writeTimeout)
		stop()
		if err := <-received; websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("after the gateway stopped: %v", err)
		}
	})
}

// TestPingWaitsForMessageInProgress pings a client that is slow to read a message, and then a client that does not respond.
func TestPingWaitsForMessageInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		accepted := make(chan *session, 1)
		client := connect(t, func(conn *websocket.Conn) { accepted <- &session{conn: conn} })
		client.SetReadLimit(-1)
		s := <-accepted
		s.conn.CloseRead(t.Context())
		message := make([]byte, 1<<20)
		go func() { _ = s.send(message) }()
		synctest.Wait()
		go s.ping(t.Context())
		time.Sleep(writeTimeout - time.Second)
		if _, text, err := client.Read(t.Context()); len(text) != len(message) || err != nil {
			t.Errorf("%d bytes of %d, %v", len(text), len(message), err)
		}
		s.ping(t.Context())
		if _, _, err := client.Read(t.Context()); err == nil {
			t.Error("a client that does not respond is not disconnected")
		}
	})
}

// TestPingsAreAnsweredAtALimitedRate has a client send more pings than the server answers, at once and a second later.
func TestPingsAreAnsweredAtALimitedRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, stop := serveSession(t, Deps{})
		defer stop()
		go func() {
			for {
				if _, _, err := client.Read(t.Context()); err != nil {
					return
				}
			}
		}()
		pongs := func() (n int) {
			for n < 10*messageBurst {
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				err := client.Ping(ctx)
				cancel()
				if err != nil {
					break
				}
				n++
			}
			return n
		}
		if n := pongs(); n != messageBurst {
			t.Errorf("%d pings in a burst were answered, want %d", n, messageBurst)
		}
		time.Sleep(time.Second)
		if n := pongs(); n != messageRate {
			t.Errorf("%d pings were answered a second later, want %d", n, messageRate)
		}
	})
}
