package chain_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// link is a TCP proxy between two validators: the one that dials it is connected to the target. It can delay or block the traffic in each
// direction, and close the connections.
type link struct {
	listener net.Listener
	target   string

	mu      sync.Mutex
	changed chan struct{} // Closed and replaced whenever a field below changes.
	there   direction     // Towards the target.
	back    direction
	isCut   bool
	conns   map[net.Conn]bool
	running sync.WaitGroup
}

// direction is what the link does to the bytes in one direction.
type direction struct {
	held          bool
	delay, jitter time.Duration
}

func newLink(t testing.TB, target string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, target: target, changed: make(chan struct{}), conns: map[net.Conn]bool{}}
	l.running.Go(l.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		l.set(func() { l.isCut = true })
		l.running.Wait()
	})
	return l
}

func (l *link) address() string { return l.listener.Addr().String() }

// set changes the link. A link that is cut closes its connections.
func (l *link) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	close(l.changed)
	l.changed = make(chan struct{})
	if l.isCut {
		for conn := range l.conns {
			_ = conn.Close()
		}
	}
}

func (l *link) accept() {
	for {
		from, err := l.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", l.target)
		if err != nil || !l.keep(from, to) {
			_ = from.Close()
			continue
		}
		l.running.Go(func() { l.carry(from, to, &l.there) })
		l.running.Go(func() { l.carry(to, from, &l.back) })
	}
}

// keep records the connections, unless the link is cut.
func (l *link) keep(from, to net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut {
		_ = to.Close()
		return false
	}
	l.conns[from], l.conns[to] = true, true
	return true
}

type parcel struct {
	bytes []byte
	due   time.Time
}

// carry forwards bytes until either end closes its connection.
func (l *link) carry(from, to net.Conn, d *direction) {
	parcels := make(chan parcel, 1024)
	gone := make(chan struct{})
	l.running.Go(func() {
		defer close(gone)
		for p := range parcels {
			if !l.deliver(to, p, d) {
				return
			}
		}
	})
	buffer, due := make([]byte, 64<<10), time.Time{}
	for {
		n, err := from.Read(buffer)
		l.mu.Lock()
		wait := d.delay
		if d.jitter > 0 {
			wait += rand.N(2*d.jitter) - d.jitter
		}
		l.mu.Unlock()
		if next := time.Now().Add(wait); next.After(due) { // Bytes of a stream don't overtake each other.
			due = next
		}
		if n > 0 {
			select {
			case parcels <- parcel{append([]byte(nil), buffer[:n]...), due}:
			case <-gone:
				err = errors.Join(err, io.ErrClosedPipe)
			}
		}
		if err != nil {
			break
		}
	}
	close(parcels)
	<-gone
	l.mu.Lock()
	delete(l.conns, from)
	delete(l.conns, to)
	l.mu.Unlock()
	_, _ = from.Close(), to.Close()
}

// deliver writes a parcel when it is due and the direction is not blocked.
func (l *link) deliver(to net.Conn, p parcel, d *direction) bool {
	if wait := time.Until(p.due); wait > 0 {
		<-time.After(wait)
	}
	for {
		l.mu.Lock()
		held, changed, isCut := d.held, l.changed, l.isCut
		l.mu.Unlock()
		if isCut {
			return false
		}
		if !held {
			_, err := to.Write(p.bytes)
			return err == nil
		}
		<-changed
	}
}
