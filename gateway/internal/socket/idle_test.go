package socket_test

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

	"github.com/bitcraps/bitcraps/gateway/internal/socket"
)

// pipes is a network of one client, whose deadlines keep a bubble's time.
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

// connect opens a WebSocket over such a network, whose credentials stay good. Stop says that the gateway stops.
func connect(t *testing.T, deps socket.Deps) (conn *websocket.Conn, stop func()) {
	t.Helper()
	network, stopped := &pipes{server: make(chan net.Conn), closed: make(chan struct{})}, make(chan struct{})
	deps.Clock, deps.Stop, deps.SignedIn = clockwork.NewRealClock(), stopped, func(context.Context) error { return nil }
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := socket.Accept(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		go socket.Serve(context.Background(), conn, uuid.Nil, deps)
	})}
	go func() { _ = server.Serve(network) }()
	conn, _, err := websocket.Dial(t.Context(), "http://gateway", &websocket.DialOptions{Subprotocols: []string{socket.Protocol},
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: network.dial}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.CloseNow()
		_ = server.Close()
	})
	return conn, func() { close(stopped) }
}

// TestAQuietConnectionLives says nothing for an hour, in which only pings go: longer than any single write may take.
func TestAQuietConnectionLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, stop := connect(t, socket.Deps{})
		received := make(chan error, 4)
		go func() {
			defer close(received)
			for {
				_, _, err := conn.Read(t.Context())
				received <- err
				if err != nil {
					return
				}
			}
		}()
		if err := <-received; err != nil { // Welcome.
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"op":"ping"}`)); err != nil {
			t.Fatal(err)
		}
		if err := <-received; err != nil {
			t.Errorf("an hour later: %v", err)
		}
		time.Sleep(20 * time.Second)
		stop()
		if err := <-received; websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("the gateway stops: %v", err)
		}
	})
}
