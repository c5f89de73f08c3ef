package gateway

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// perAddressListener closes connections of an address that has as many open as it may, so that none can take all of the gateway's.
// Trusted proxies, whose connections are many clients', are not bounded.
type perAddressListener struct {
	net.Listener
	proxies proxies
	counter *addressCounter
}

// Accept implements net.Listener.
func (l perAddressListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		if err != nil || l.proxies.trusts(remote.Addr().Unmap()) {
			return conn, nil
		}
		if release, ok := l.counter.acquire(subscriber(remote.Addr().Unmap().WithZone(""))); ok {
			return &countedConn{Conn: conn, onClose: sync.OnceFunc(release)}, nil
		}
		_ = conn.Close()
	}
}

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
