package gateway

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bitcraps/bitcraps/libs/memnet"
)

// TestStreamsEndWhenClientDisconnects has a client read and disconnect, on a hijacked connection and on a shared HTTP/2 connection.
func TestStreamsEndWhenClientDisconnects(t *testing.T) {
	for protocol, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		left := make(chan struct{})
		watch := func(out *eventWriter) {
			defer close(left)
			if err := out.write([]byte("data: 1\n\n"), []byte("data: 2\n\n")); err != nil {
				t.Errorf("%s: %v", protocol, err)
			}
			<-out.closed
		}
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			if conn := hijackForEvents(w); conn != nil {
				go func() {
					defer func() { _ = conn.Close() }()
					watch(newConnEventWriter(conn))
				}()
				return
			}
			watch(newResponseEventWriter(w, r))
		}))
		server.EnableHTTP2 = http2
		server.StartTLS()
		resp, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Proto != protocol || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Date") == "" {
			t.Errorf("%s: %s %v", protocol, resp.Proto, resp.Header)
		}
		lines := bufio.NewScanner(resp.Body)
		var got []string
		for len(got) < 4 && lines.Scan() {
			got = append(got, lines.Text())
		}
		if text := strings.Join(got, "|"); text != "data: 1||data: 2|" {
			t.Errorf("%s: %s", protocol, text)
		}
		_ = resp.Body.Close()
		<-left
		server.Close()
	}
}

// serveHTTP2 serves on an in-memory network, so that it works in a synctest bubble, and returns an HTTP/2 client.
func serveHTTP2(t *testing.T, server *http.Server) *http.Client {
	t.Helper()
	network := memnet.New()
	listener := network.Listen("gateway")
	server.Protocols = new(http.Protocols)
	server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = server.Serve(listener) }()
	transport := &http.Transport{Protocols: server.Protocols, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return network.Dial(ctx, "gateway")
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return &http.Client{Transport: transport}
}

// TestIdleStreamStaysOpen writes nothing over HTTP/2 for longer than a single write may take.
func TestIdleStreamStaysOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := serveHTTP2(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := newResponseEventWriter(w, r)
			for range 2 {
				if err := out.write([]byte("data: 1\n\n")); err != nil {
					t.Error(err)
				}
				select {
				case <-time.After(time.Hour):
				case <-out.closed:
				}
			}
		})})
		resp, err := client.Get("http://gateway")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if body, err := io.ReadAll(resp.Body); string(body) != "data: 1\n\ndata: 1\n\n" || err != nil {
			t.Errorf("%s: %q, %v", resp.Proto, body, err)
		}
	})
}
