package socket_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/gateway/internal/socket"
)

// TestConnectionEndsWithItsCredentials checks that a connection ends at the first check that finds its credentials invalid, and not
// before.
func TestConnectionEndsWithItsCredentials(t *testing.T) {
	clock := clockwork.NewFakeClock()
	var ended atomic.Bool
	var checks atomic.Int32
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := socket.Accept(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		go func() {
			defer close(done)
			socket.Serve(context.Background(), conn, uuid.Nil, socket.Deps{Clock: clock, Stop: make(chan struct{}), Revalidate: func(context.Context) error {
				checks.Add(1)
				if ended.Load() {
					return errors.New("signed out")
				}
				return nil
			}})
		}()
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, server.URL, &websocket.DialOptions{Subprotocols: []string{socket.Protocol}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	read := func() error {
		_, _, err := conn.Read(ctx)
		return err
	}
	if err := read(); err != nil { // Welcome.
		t.Fatal(err)
	}
	if err := clock.BlockUntilContext(ctx, 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute)
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"op":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	if err := read(); err != nil {
		t.Errorf("with valid credentials: %v", err)
	}
	ended.Store(true)
	clock.Advance(time.Minute)
	if err := read(); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("with invalid credentials: %v", err)
	}
	<-done
	if checks.Load() < 1 {
		t.Error("the credentials were not checked")
	}
}
