package e2e_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/bitcraps/bitcraps/libs/localca"
)

// TestRequestSmuggling sends requests that a proxy and the gateway could parse differently. There must be one answer, and then the
// connection is closed.
func TestRequestSmuggling(t *testing.T) {
	tg := oneProcess(t)
	inner := "GET /api/v1/players/me HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, tc := range map[string]struct {
		request  string
		statuses []string
	}{
		"length and chunks":       {"POST /api/v1/games HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner, []string{"201"}}, // Transfer-Encoding overrides the length (RFC 9112, section 6.3), which Go drops.
		"chunks twice":            {"POST /api/v1/games HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + inner, []string{"400", "501"}},
		"unknown coding":          {"POST /api/v1/games HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner, []string{"501"}},
		"space before the colon":  {"POST /api/v1/games HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello" + inner, []string{"400"}},
		"folded header":           {"GET /health HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", []string{"400", "200"}},
		"no host":                 {"GET /health HTTP/1.1\r\n\r\n", []string{"400"}},
		"two hosts":               {"GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", []string{"400"}},
		"a signed length":         {"POST /api/v1/games HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello", []string{"400"}},
		"a bare line feed in it":  {"GET /health HTTP/1.1\r\nHost: x\r\nX: a\nY: b\r\n\r\n", []string{"400", "200"}},
		"a header with a NUL":     {"GET /health HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n", []string{"400"}},
		"an invalid chunk":        {"POST /api/v1/games HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", []string{"400"}},
		"a path that climbs":      {"GET /api/v1/../../metrics HTTP/1.1\r\nHost: x\r\n\r\n", []string{"301", "307", "404"}},
		"a path with a backslash": {"GET /api/v1/games/..\\..\\metrics HTTP/1.1\r\nHost: x\r\n\r\n", []string{"400", "404"}},
		"a path in full":          {"GET http://other.example/api/v1/players/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n", []string{"401"}},
	} {
		t.Run(name, func(t *testing.T) {
			conn := rawConn(t, tg)
			if _, err := io.WriteString(conn, tc.request); err != nil {
				t.Fatal(err)
			}
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if status := fmt.Sprint(answer.StatusCode); !strings.Contains(strings.Join(tc.statuses, " "), status) {
				t.Errorf("answered %s, want %v", status, tc.statuses)
			}
		})
	}
}

func rawConn(t *testing.T, tg *target) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(tg.url(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestSlowClients opens many connections that send part of a header or one byte of a body, and no more. A normal player can play
// meanwhile, and each connection is closed within the time limit of a request.
func TestSlowClients(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for time to run out")
	}
	tg := oneProcess(t)
	var waiting sync.WaitGroup
	for i := range 200 {
		conn := rawConn(t, tg)
		text := "GET /api/v1/games HTTP/1.1\r\nHost:"
		if i%2 == 0 {
			text = "POST /api/v1/games HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
		}
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		waiting.Go(func() {
			_, err := io.Copy(io.Discard, conn)
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() { // The test's own deadline.
				t.Error("a slow client is not disconnected")
			}
		})
	}
	c := newClient(t, tg.url())
	game := c.newGame()
	c.bet(game, "pass_line", 10)
	c.must(200, "POST", game+"/roll", nil)
	waiting.Wait()
}

// TestRapidResets opens and resets streams as fast as it can (CVE-2023-44487). A normal player can play meanwhile.
func TestRapidResets(t *testing.T) {
	dir := t.TempDir()
	ca, err := localca.Open(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	files, err := ca.Issue("gateway", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	tg := ownTarget(t, "gateway.network.enable_tls=true", "gateway.network.cert_file="+files.CertFile, "gateway.network.key_file="+files.KeyFile)
	insecure := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}
	attack := func() error {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(tg.url(), "https://"), insecure)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
			return err
		}
		go func() { _, _ = io.Copy(io.Discard, conn) }()
		framer := http2.NewFramer(conn, nil)
		if err := framer.WriteSettings(); err != nil {
			return err
		}
		var block bytes.Buffer
		encoder := hpack.NewEncoder(&block)
		for stream := uint32(1); stream < 5_000; stream += 2 {
			block.Reset()
			for _, field := range []string{":method GET", ":scheme https", ":authority x", ":path /api/v1/games"} {
				name, value, _ := strings.Cut(field, " ")
				if err := encoder.WriteField(hpack.HeaderField{Name: name, Value: value}); err != nil {
					return err
				}
			}
			if framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true}) != nil ||
				framer.WriteRSTStream(stream, http2.ErrCodeCancel) != nil {
				return nil // The server closed the connection.
			}
		}
		return nil
	}
	var attacking sync.WaitGroup
	for range 2 {
		attacking.Go(func() {
			if err := attack(); err != nil {
				t.Error(err)
			}
		})
	}
	c := newClient(t, tg.url())
	c.http.Transport = &http.Transport{TLSClientConfig: insecure, ForceAttemptHTTP2: true}
	for range 20 {
		if resp := c.bet(c.newGame(), "pass_line", 10); resp.status != http.StatusCreated {
			t.Errorf("meanwhile a normal player gets %s", resp.text)
		}
	}
	attacking.Wait()
	c.must(200, "GET", "/health", nil)
}

// TestSocketRejectsInvalidFrames sends raw WebSocket frames that no client library would send.
func TestSocketRejectsInvalidFrames(t *testing.T) {
	tg := oneProcess(t)
	c := newClient(t, tg.url())
	token := c.must(201, "POST", "/api/v1/players/guests", nil).str("access_token")
	masked := func(first byte, text string) []byte { // With a mask of zeros, which leaves the text as it is.
		return append([]byte{first, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
	}
	for name, tc := range map[string]struct {
		frame []byte
		code  uint16 // 0 where the connection is closed without one.
	}{
		"not masked":          {append([]byte{0x81, 13}, `{"op":"ping"}`...), 0},
		"a reserved bit":      {masked(0xC1, `{"op":"ping"}`), 1002},
		"an unknown opcode":   {masked(0x83, ``), 1002},
		"a long ping":         {append([]byte{0x89, 0x80 | 126, 0, 200, 0, 0, 0, 0}, make([]byte, 200)...), 1002},
		"a part of a ping":    {masked(0x09, `x`), 1002},
		"a negative length":   {append([]byte{0x81, 0x80 | 127, 0xFF, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}, 'x'), 0},
		"a length of 2^62":    {append([]byte{0x81, 0x80 | 127, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 8192)...), 1009},
		"a part out of order": {masked(0x80, `x`), 1002},
		"an unknown close":    {masked(0x88, "\x00\x01"), 1002},
	} {
		t.Run(name, func(t *testing.T) {
			conn := rawConn(t, tg)
			if _, err := fmt.Fprintf(conn, "GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: %s\r\nAuthorization: Bearer %s\r\n\r\n%s", protocol, token, tc.frame); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(conn)
			if answer, err := http.ReadResponse(in, nil); err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("%v, %v", answer, err)
			}
			if code, err := closeCode(in); code != tc.code {
				t.Errorf("closed with %d, %v; want %d", code, err, tc.code)
			}
		})
	}
}

// closeCode reads frames until a close frame, and returns its code.
func closeCode(in *bufio.Reader) (uint16, error) {
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(in, head); err != nil {
			return 0, err
		}
		body := make([]byte, head[1]) // Frames of a server are not masked, and these are short.
		if head[1] == 126 {
			length := make([]byte, 2)
			if _, err := io.ReadFull(in, length); err != nil {
				return 0, err
			}
			body = make([]byte, binary.BigEndian.Uint16(length))
		}
		if _, err := io.ReadFull(in, body); err != nil {
			return 0, err
		}
		if head[0] == 0x88 && len(body) >= 2 {
			return binary.BigEndian.Uint16(body), nil
		}
	}
}
