package rpcclient

import (
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/rpcserver"
)

// A call of a method whose contract bundles it is sent alone while no other one is in flight. Calls that arrive meanwhile are sent together
// in one message once that one returns (docs/adr/0030): no call waits for a bundle to fill, and the more calls there are, the less each
// of them costs.

const (
	// maxBundleDelay is how long a call waits at most for others to return, so that one that hangs does not delay the rest for long.
	maxBundleDelay = 20 * time.Millisecond
	// maxBundleCalls is how many calls may share a message.
	maxBundleCalls = 256
	// maxBundledBytes is the size of the largest request that is bundled, so that a bundle stays far below servers' message limit.
	maxBundledBytes = 2 << 10
)

// bundler decides which calls are sent together.
type bundler struct {
	methods []string

	mu       sync.Mutex
	inFlight int // Bundles, and calls sent alone.
	waiting  []*bundledCall
}

func newBundler(contracts []string) *bundler {
	b := &bundler{}
	for _, contract := range contracts {
		b.methods = append(b.methods, rpcserver.Bundled(contract)...)
	}
	return b
}

// tryStart reports whether a call can be sent alone. Such a call must end with finish.
func (b *bundler) tryStart() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.inFlight > 0 {
		return false
	}
	b.inFlight++
	return true
}

// finish ends a call that was sent alone, and sends the calls that have arrived meanwhile.
func (b *bundler) finish(cc *grpc.ClientConn) {
	if group := b.next(); len(group) > 0 {
		go b.sendAll(group, cc)
	}
}

// enqueue adds a call to the next bundle.
func (b *bundler) enqueue(call *bundledCall, cc *grpc.ClientConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, call)
	switch {
	case b.inFlight == 0, len(b.waiting) == maxBundleCalls: // The last one in flight has just returned, or the bundle is full.
		b.flush(cc)
	case len(b.waiting) == 1:
		time.AfterFunc(maxBundleDelay, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			if len(b.waiting) > 0 && b.waiting[0] == call {
				b.flush(cc)
			}
		})
	}
}

// flush sends the waiting calls concurrently with those in flight. It must be called with the lock held.
func (b *bundler) flush(cc *grpc.ClientConn) {
	b.inFlight++
	go b.sendAll(b.take(), cc)
}

// sendAll sends a bundle, and then the calls that have arrived meanwhile, until there are none.
func (b *bundler) sendAll(group []*bundledCall, cc *grpc.ClientConn) {
	for ; len(group) > 0; group = b.next() {
		send(group, cc)
	}
}

// next is called when a bundle has returned. It returns the one to send in its place, if any.
func (b *bundler) next() []*bundledCall {
	b.mu.Lock()
	defer b.mu.Unlock()
	group := b.take()
	if len(group) == 0 {
		b.inFlight--
	}
	return group
}

// take removes and returns the waiting calls, at most one bundle. It must be called with the lock held.
func (b *bundler) take() []*bundledCall {
	group := b.waiting
	b.waiting = nil
	return group
}
