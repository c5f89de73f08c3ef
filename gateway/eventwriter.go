package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// eventWriteTimeout bounds one write to a client.
const eventWriteTimeout = 10 * time.Second

// eventWriter writes server-sent events to a client.
type eventWriter struct {
	send     func(texts [][]byte) error
	deadline func(time.Time) error
	closed   <-chan struct{} // Closed when the client has disconnected.
}

func (w *eventWriter) write(texts ...[]byte) error {
	if err := w.deadline(time.Now().Add(eventWriteTimeout)); err != nil {
		return err
	}
	return w.send(texts)
}

// newResponseEventWriter returns a writer to the response of a request, which HTTP/2 requires.
func newResponseEventWriter(w http.ResponseWriter, r *http.Request) *eventWriter {
	control := http.NewResponseController(w)
	return &eventWriter{deadline: control.SetWriteDeadline, closed: r.Context().Done(), send: func(texts [][]byte) error {
		for _, text := range texts {
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
		if err := control.Flush(); err != nil {
			return err
		}
		return control.SetWriteDeadline(time.Time{}) // Otherwise HTTP/2 resets the stream when the deadline passes, even if nothing is written.
	}}
}

// hijackForEvents hijacks the connection and begins a response that lasts until the connection closes: under net/http a watcher takes
// three times the memory. It returns nil if the connection does not use HTTP/1.
func hijackForEvents(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil
	}
	header := w.Header()
	header.Set("Connection", "close")
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	_ = conn.SetDeadline(time.Now().Add(eventWriteTimeout))
	out := getWriter(conn)
	defer putWriter(out)
	_, _ = fmt.Fprint(out, "HTTP/1.1 200 OK\r\n") // The connection stays broken after an error, so writing the first event fails, too.
	_ = header.Write(out)
	_, _ = out.WriteString("\r\n")
	_ = out.Flush()
	return conn
}

// newConnEventWriter returns a writer to a hijacked connection.
func newConnEventWriter(conn net.Conn) *eventWriter {
	_ = conn.SetReadDeadline(time.Time{})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = conn.Read(make([]byte, 1)) // Returns when the client disconnects. It should send nothing more; if it does, the stream ends, too.
	}()
	return &eventWriter{deadline: conn.SetWriteDeadline, closed: gone, send: func(texts [][]byte) error {
		out := getWriter(conn)
		defer putWriter(out)
		for _, text := range texts {
			_, _ = out.Write(text) // Flush returns the error.
		}
		return out.Flush()
	}}
}

// writerPool provides buffers for the duration of a write: there are many watchers, of which few are written to at the same time.
var writerPool = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 4096) }}

func getWriter(to io.Writer) *bufio.Writer {
	out := writerPool.Get().(*bufio.Writer)
	out.Reset(to)
	return out
}

func putWriter(out *bufio.Writer) {
	out.Reset(nil)
	writerPool.Put(out)
}
