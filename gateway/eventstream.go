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

// eventDeadline is how long a client may take to receive what is written at once.
const eventDeadline = 10 * time.Second

// eventStream is where server-sent events are written to.
type eventStream struct {
	send     func(texts [][]byte) error
	deadline func(time.Time) error
	gone     <-chan struct{} // Closed when the client has left.
}

func (s *eventStream) write(texts ...[]byte) error {
	if err := s.deadline(time.Now().Add(eventDeadline)); err != nil {
		return err
	}
	return s.send(texts)
}

// streamOfAnswer writes into the answer of a request, as HTTP/2 needs it.
func streamOfAnswer(w http.ResponseWriter, r *http.Request) *eventStream {
	control := http.NewResponseController(w)
	return &eventStream{deadline: control.SetWriteDeadline, gone: r.Context().Done(), send: func(texts [][]byte) error {
		for _, text := range texts {
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
		if err := control.Flush(); err != nil {
			return err
		}
		return control.SetWriteDeadline(time.Time{}) // When it passes, HTTP/2 resets a stream that nobody writes to.
	}}
}

// takeConnection hijacks the connection and begins an answer that ends with it: under net/http a watcher costs three times the
// memory. It returns nil where the connection is not HTTP/1.
func takeConnection(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil
	}
	header := w.Header()
	header.Set("Connection", "close")
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	_ = conn.SetDeadline(time.Now().Add(eventDeadline))
	out := lend(conn)
	defer giveBack(out)
	_, _ = fmt.Fprint(out, "HTTP/1.1 200 OK\r\n") // An error stays, and the first event finds it.
	_ = header.Write(out)
	_, _ = out.WriteString("\r\n")
	_ = out.Flush()
	return conn
}

// streamOfConnection writes to a connection that was taken.
func streamOfConnection(conn net.Conn) *eventStream {
	_ = conn.SetReadDeadline(time.Time{})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = conn.Read(make([]byte, 1)) // A client has nothing more to say; this ends when it leaves, or speaks all the same.
	}()
	return &eventStream{deadline: conn.SetWriteDeadline, gone: gone, send: func(texts [][]byte) error {
		out := lend(conn)
		defer giveBack(out)
		for _, text := range texts {
			_, _ = out.Write(text) // Flush says what went wrong.
		}
		return out.Flush()
	}}
}

// writers are lent for as long as something is written: watchers are many, and few of them write at a time.
var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 4096) }}

func lend(to io.Writer) *bufio.Writer {
	out := writers.Get().(*bufio.Writer)
	out.Reset(to)
	return out
}

func giveBack(out *bufio.Writer) {
	out.Reset(nil)
	writers.Put(out)
}
