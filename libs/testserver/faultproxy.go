package testserver

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// FaultProxy is a proxy between a test and its PostgreSQL server. If it is told to, it closes the connection instead of forwarding an
// answer. By then the server has executed what the answer is to.
type FaultProxy struct {
	url      string
	answered atomic.Bool
	commits  atomic.Int64
}

// NewFaultProxy starts a proxy for the server of a database's URL, which runs until the test ends.
func NewFaultProxy(t testing.TB, server string) *FaultProxy {
	t.Helper()
	parsed, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	query, dir := parsed.Query(), t.TempDir()
	from := filepath.Join(query.Get("host"), socket)
	listener, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	query.Set("host", dir)
	parsed.RawQuery = query.Encode()
	c := &FaultProxy{url: parsed.String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go c.serve(client, from)
		}
	}()
	return c
}

// URL returns the URL of the database through the proxy.
func (c *FaultProxy) URL() string { return c.url }

// DropNextAnswer closes the connection at the next answer.
func (c *FaultProxy) DropNextAnswer() { c.answered.Store(true) }

// DropCommitAnswer closes the connection at the answer to a commit; 1 is the next one.
func (c *FaultProxy) DropCommitAnswer(number int64) { c.commits.Store(number) }

// committed is the command tag in the answer to a commit, by which the transaction is durable.
var committed = []byte("COMMIT\x00")

func (c *FaultProxy) serve(client net.Conn, socket string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() { _, _ = io.Copy(server, client) }()
	answer := make([]byte, 64<<10)
	for {
		n, err := server.Read(answer)
		if err != nil || c.answered.CompareAndSwap(true, false) {
			return
		}
		if bytes.Contains(answer[:n], committed) && c.commits.Add(-1) == 0 {
			return
		}
		if _, err := client.Write(answer[:n]); err != nil {
			return
		}
	}
}
