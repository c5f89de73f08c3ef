package gateway

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestStreamsEndWithTheirClient has a client read and leave, on a connection that is taken from the server and on one that is
// shared.
func TestStreamsEndWithTheirClient(t *testing.T) {
	for protocol, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		left := make(chan struct{})
		watch := func(out *eventStream) {
			defer close(left)
			if err := out.write([]byte("data: 1\n\n"), []byte("data: 2\n\n")); err != nil {
				t.Errorf("%s: %v", protocol, err)
			}
			<-out.gone
		}
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			if conn := takeConnection(w); conn != nil {
				go func() {
					defer func() { _ = conn.Close() }()
					watch(streamOfConnection(conn))
				}()
				return
			}
			watch(streamOfAnswer(w, r))
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
