package gateway

import (
	"bufio"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bitcraps/bitcraps/libs/memnet"
)

// TestAnswersAreReadInTime has a client leave a large answer unread, of a path that is no call's.
func TestAnswersAreReadInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, server := memnet.New(), quietGateway(t).server()
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
			t.Errorf("a minute later all %d bytes are there still", len(body))
		}
	})
}
