package socket

import (
	"bufio"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

const (
	// readBuffer and writeBuffer are what a connection has instead of the 4 KiB each that net/http gives it: clients send
	// little, and most events fit.
	readBuffer, writeBuffer = 512, 1536
	// writeTimeout is how long a client may take to receive what is written at once, which a message is.
	writeTimeout = 10 * time.Second
)

// Accept opens a WebSocket. The caller has checked who asks for it, and from where. Where it fails it has answered.
func Accept(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	conn, err := websocket.Accept(hijacker{w}, r, &websocket.AcceptOptions{Subprotocols: []string{Protocol}, InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(maxMessage)
	return conn, nil
}

// hijacker gives a connection that leaves HTTP small buffers, and each of its writes a deadline.
type hijacker struct{ http.ResponseWriter }

// Hijack implements http.Hijacker.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	tcp, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	conn := timed{tcp}
	if buffers.Reader.Buffered() == 0 { // Otherwise it has what a client sent without waiting for the answer.
		buffers.Reader = bufio.NewReaderSize(conn, readBuffer)
	}
	buffers.Writer = bufio.NewWriterSize(conn, writeBuffer)
	return conn, buffers, nil
}

// timed is a connection whose writes have a deadline of their own, pings and what the library answers of itself among them:
// one that is left from the message before would end them. A context's deadline would cost as much as a message.
type timed struct{ net.Conn }

func (c timed) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
