package gateway

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/netutil"
)

// TestConnectionsPerAddressAreBounded has one address open more connections than it may: another one still gets in, and so does it, after
// it has closed one.
func TestConnectionsPerAddressAreBounded(t *testing.T) {
	const perAddress = 3
	bound, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxy := netip.MustParsePrefix("127.0.0.3/32")
	listener := netutil.LimitListener(perAddressListener{bound, proxies{proxy}, newAddressCounter(perAddress)}, 10)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { // Answers what it reads, and closes its side after the client.
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	for range perAddress {
		wantOpen(t, dialFrom(t, bound, "127.0.0.1"), true)
	}
	last := dialFrom(t, bound, "127.0.0.2")
	wantOpen(t, last, true)
	for range 2 * perAddress {
		wantOpen(t, dialFrom(t, bound, "127.0.0.1"), false)
	}
	for range perAddress - 1 {
		wantOpen(t, dialFrom(t, bound, "127.0.0.2"), true)
	}
	if err := last.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(last); err != nil { // Until the server has closed it.
		t.Fatal(err)
	}
	wantOpen(t, dialFrom(t, bound, "127.0.0.2"), true)
	for range perAddress + 1 {
		wantOpen(t, dialFrom(t, bound, "127.0.0.3"), true)
	}
}

func dialFrom(t *testing.T, listener net.Listener, source string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// wantOpen sends a byte, which an open connection returns.
func wantOpen(t *testing.T, conn net.Conn, want bool) {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	_, sent := conn.Write([]byte{1})
	_, received := conn.Read(make([]byte, 1))
	if open := sent == nil && received == nil; open != want {
		t.Errorf("a connection from %s is open: %t, want %t (%v, %v)", conn.LocalAddr(), open, want, sent, received)
	}
}
