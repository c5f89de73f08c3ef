package rpcclient

import (
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/rpcserver"
)

// A call of a method whose contract bundles it goes by itself while no other one is under way. Those that come meanwhile go
// together in one message once it is back (docs/adr/0030): nobody waits for a bundle to fill, and the more calls there are the
// less each of them costs.

const (
	// bundlePatience is how long a call waits for others to come back at most: one that hangs holds up nobody for long.
	bundlePatience = 20 * time.Millisecond
	// maxBundleCalls is how many calls share a message.
	maxBundleCalls = 256
	// maxBundledBytes is the largest request in bytes that does, so that a bundle stays far below what servers take.
	maxBundledBytes = 2 << 10
)

// bundler decides which calls go together.
type bundler struct {
	methods []string

	mu       sync.Mutex
	inFlight int // Bundles, and calls by themselves.
	waiting  []*bundled
}

func newBundler(contracts []string) *bundler {
	b := &bundler{}
	for _, contract := range contracts {
		b.methods = append(b.methods, rpcserver.Bundled(contract)...)
	}
	return b
}

// tryStart reports whether a call can go by itself. One that does ends with finish.
func (b *bundler) tryStart() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.inFlight > 0 {
		return false
	}
	b.inFlight++
	return true
}

// finish has what has come meanwhile go in the place of a call that went by itself.
func (b *bundler) finish(cc *grpc.ClientConn) {
	if group := b.next(); len(group) > 0 {
		go b.drive(group, cc)
	}
}

// enqueue has a call go with the next bundle.
func (b *bundler) enqueue(call *bundled, cc *grpc.ClientConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, call)
	switch {
	case b.inFlight == 0, len(b.waiting) == maxBundleCalls: // The last one came back just now, or there is no room for more.
		b.flush(cc)
	case len(b.waiting) == 1:
		time.AfterFunc(bundlePatience, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			if len(b.waiting) > 0 && b.waiting[0] == call {
				b.flush(cc)
			}
		})
	}
}

// flush sends what waits beside what is in flight. It must be called with the lock held.
func (b *bundler) flush(cc *grpc.ClientConn) {
	b.inFlight++
	go b.drive(b.take(), cc)
}

// drive sends a bundle, and then what has come meanwhile, until nothing has.
func (b *bundler) drive(group []*bundled, cc *grpc.ClientConn) {
	for ; len(group) > 0; group = b.next() {
		send(group, cc)
	}
}

// next says that a bundle is back and returns the one that goes in its place, if any.
func (b *bundler) next() []*bundled {
	b.mu.Lock()
	defer b.mu.Unlock()
	group := b.take()
	if len(group) == 0 {
		b.inFlight--
	}
	return group
}

// take takes what waits, which is a bundle at most. It must be called with the lock held.
func (b *bundler) take() []*bundled {
	group := b.waiting
	b.waiting = nil
	return group
}
