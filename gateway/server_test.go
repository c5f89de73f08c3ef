package gateway

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bitcraps/bitcraps/libs/memnet"
)

// TestAmbiguousBodyLengthClosesConnection sends requests whose end a proxy in front of the gateway may see elsewhere, each followed by
// another request.
func TestAmbiguousBodyLengthClosesConnection(t *testing.T) {
	const path = "/api/v1/games/01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4"
	for name, tc := range map[string]struct {
		first   string
		answers int
	}{
		"a length":               {"GET " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 2},
		"chunks":                 {"GET " + path + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1},
		"a length and chunks":    {"GET " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1},
		"chunks before HTTP/1.1": {"GET " + path + " HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1},
	} {
		network, server := memnet.New(), newTestGateway(t).server()
		listener := network.Listen("gateway")
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(func() { _ = server.Close() })
		conn, err := network.Dial(t.Context(), "gateway")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.WriteString(conn, tc.first+"GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		}()
		text, _ := io.ReadAll(conn) // The server may close the connection with unread bytes.
		if n := strings.Count(string(text), "HTTP/1."); n != tc.answers {
			t.Errorf("%s: %d answers, want %d: %s", name, n, tc.answers, text)
		}
		_ = conn.Close()
	}
}

// TestSlowReaderIsDisconnected has a client not read a large response to a request that is not an API call.
func TestSlowReaderIsDisconnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, server := memnet.New(), newTestGateway(t).server()
		listener := network.Listen("gateway")
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(func() { _ = server.Close() })
		conn, err := network.Dial(t.Context(), "gateway")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, "GET /openapi.json HTTP/1.1\r\nHost: gateway\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if body, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("all %d bytes are still available a minute later", len(body))
		}
	})
}
