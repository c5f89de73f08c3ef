package socket

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/bitcraps/bitcraps/libs/memnet"
)

// TestPingsWaitForMessages pings a client that takes its time with a message, and then one that is silent.
func TestPingsWaitForMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, accepted := memnet.New(), make(chan *session, 1)
		listener := network.Listen("gateway")
		server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := Accept(w, r)
			if err != nil {
				t.Error(err)
			}
			accepted <- &session{conn: conn}
		})}
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(func() { _ = server.Close() })
		client, _, err := websocket.Dial(t.Context(), "http://gateway", &websocket.DialOptions{Subprotocols: []string{Protocol},
			HTTPClient: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return network.Dial(ctx, "gateway")
			}}}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.CloseNow() }()
		client.SetReadLimit(-1)
		s := <-accepted
		s.conn.CloseRead(t.Context())
		message := make([]byte, 1<<20) // More than the network holds.
		go func() { _ = s.send(message) }()
		synctest.Wait()
		go s.ping(t.Context())
		time.Sleep(writeTimeout - time.Second)
		if _, text, err := client.Read(t.Context()); len(text) != len(message) || err != nil {
			t.Errorf("%d bytes of %d, %v", len(text), len(message), err)
		}
		s.ping(t.Context())
		if _, _, err := client.Read(t.Context()); err == nil {
			t.Error("a client that does not answer is not ended")
		}
	})
}
