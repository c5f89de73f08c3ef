package socket

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"
)

const (
	// readBuffer and writeBuffer replace net/http's buffers of 4 KiB each: clients send little, and most events fit.
	readBuffer, writeBuffer = 512, 1536
	// writeTimeout bounds one write to a client. A message is one write.
	writeTimeout = 10 * time.Second
)

// Accept upgrades a request to a WebSocket. The caller must have authenticated the request and checked its origin. If Accept fails, it
// has written the response.
func Accept(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	pings := rate.NewLimiter(messageRate, messageBurst)
	conn, err := websocket.Accept(hijacker{w}, r, &websocket.AcceptOptions{Subprotocols: []string{Protocol}, InsecureSkipVerify: true,
		OnPingReceived: func(context.Context, []byte) (answer bool) { return pings.Allow() }})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(maxMessage)
	return conn, nil
}

// hijacker gives a hijacked connection small buffers, and each of its writes a deadline.
type hijacker struct{ http.ResponseWriter }

// Hijack implements http.Hijacker.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	tcp, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	conn := deadlineConn{tcp}
	if buffers.Reader.Buffered() == 0 { // Otherwise it holds what the client sent without waiting for the response.
		buffers.Reader = bufio.NewReaderSize(conn, readBuffer)
	}
	buffers.Writer = bufio.NewWriterSize(conn, writeBuffer)
	return conn, buffers, nil
}

// deadlineConn sets a new deadline for each write, including pings and the frames that the library sends by itself: the deadline of an
// earlier message would fail them. A context with a deadline would cost as much as a message.
type deadlineConn struct{ net.Conn }

func (c deadlineConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
