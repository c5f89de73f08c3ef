package chain

import (
	"sync"
	"time"

	"github.com/cometbft/cometbft/p2p"
)

// CometBFT's gossip goroutines poll every GossipSleep for something to send to a peer. While nobody rolls there is nothing, possibly for
// hours. So an idle node blocks them until there is activity: a new peer, a transaction or a message from another validator arrives, or
// this validator signs something.
const (
	// activePeriod is how long gossip keeps polling after the last activity. Most rounds are decided within it.
	activePeriod = 250 * time.Millisecond
	// idlePollInterval is the interval of polling while idle, for anything that was not seen as activity.
	idlePollInterval = 100 * time.Millisecond
)

// gossipThrottle blocks the gossip goroutines of an idle node until there is activity.
type gossipThrottle struct {
	mu          sync.Mutex
	activeUntil time.Time
	waiting     chan struct{} // Closed to release all waiting goroutines; nil if there are none.
	poll        *time.Timer   // Releases them if there is no activity.
}

// wake records activity and releases all waiting goroutines.
func (t *gossipThrottle) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.activeUntil = time.Now().Add(activePeriod)
	t.wakeLocked()
}

// wakeLocked releases all waiting goroutines. The lock must be held.
func (t *gossipThrottle) wakeLocked() {
	if t.waiting != nil {
		t.poll.Stop()
		close(t.waiting)
		t.waiting = nil
	}
}

// wait returns at once if there was activity recently, and otherwise at the next activity or poll.
func (t *gossipThrottle) wait() {
	t.mu.Lock()
	if time.Now().Before(t.activeUntil) {
		t.mu.Unlock()
		return
	}
	if t.waiting == nil {
		t.waiting = make(chan struct{})
		t.poll = time.AfterFunc(idlePollInterval, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.wakeLocked()
		})
	}
	released := t.waiting
	t.mu.Unlock()
	<-released
}

// throttledPeer delays the gossip goroutines, which call IsRunning before each poll.
type throttledPeer struct {
	p2p.Peer
	throttle *gossipThrottle
}

// IsRunning implements p2p.Peer.
func (p throttledPeer) IsRunning() bool {
	p.throttle.wait()
	return p.Peer.IsRunning()
}
