package gateway

import (
	"net"
	"sync"
	"sync/atomic"
)

// countedListener counts its open connections, including hijacked ones such as WebSockets.
type countedListener struct {
	net.Listener
	open *atomic.Int64
}

// Accept implements net.Listener.
func (l countedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.open.Add(1)
	return &countedConn{Conn: conn, onClose: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
}

type countedConn struct {
	net.Conn
	onClose func()
}

// Close implements net.Conn. It may be called more than once.
func (c *countedConn) Close() error {
	c.onClose()
	return c.Conn.Close()
}
