package gateway

import (
	"net"
	"sync"
	"sync/atomic"
)

// countedListener knows how many of its connections are open, those that became WebSockets included.
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
	return &countedConn{Conn: conn, gone: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
}

type countedConn struct {
	net.Conn
	gone func()
}

// Close implements net.Conn. It may be called more than once.
func (c *countedConn) Close() error {
	c.gone()
	return c.Conn.Close()
}
