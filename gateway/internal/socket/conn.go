package socket

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

const (
	// readBuffer and writeBuffer are what a connection has instead of the 4 KiB each that net/http gives it: clients send
	// little, and most events fit.
	readBuffer, writeBuffer = 512, 1536
	// writeTimeout is how long a client may take to receive one message.
	writeTimeout = 10 * time.Second
)

// Conn is an open WebSocket.
type Conn struct {
	*websocket.Conn
	tcp net.Conn
}

// Accept opens a WebSocket. The caller has checked who asks for it, and from where. Where it fails it has answered.
func Accept(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	small := &hijacker{ResponseWriter: w}
	conn, err := websocket.Accept(small, r, &websocket.AcceptOptions{Subprotocols: []string{Protocol}, InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(maxMessage)
	return &Conn{Conn: conn, tcp: small.tcp}, nil
}

// send sends a text. Its deadline is the connection's, which costs nothing; a context's would cost as much as the rest.
func (c *Conn) send(text []byte) error {
	if err := c.tcp.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return c.Write(context.Background(), websocket.MessageText, text)
}

// hijacker gives a connection that leaves HTTP small buffers.
type hijacker struct {
	http.ResponseWriter
	tcp net.Conn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.tcp = conn
	if buffers.Reader.Buffered() == 0 { // Otherwise it has what a client sent without waiting for the answer.
		buffers = bufio.NewReadWriter(bufio.NewReaderSize(conn, readBuffer), bufio.NewWriterSize(conn, writeBuffer))
	}
	return conn, buffers, nil
}
