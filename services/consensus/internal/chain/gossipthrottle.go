package chain

import (
	"sync"
	"time"

	"github.com/cometbft/cometbft/p2p"
)

// CometBFT's gossip looks every GossipSleep whether there is something to tell a peer. While nobody rolls there is not, for hours. So
// it rests then, until something happens: a peer, a transaction or a message of another validator comes in, or this one signs.
const (
	// awake is how long gossip goes on looking behind the last thing that happened. Most rounds are over by then.
	activePeriod = 250 * time.Millisecond
	// restLook is when it looks all the same, for whatever else there may be to tell.
	idlePollInterval = 100 * time.Millisecond
)

// alert has those who have nothing to do rest until something happens.
type gossipThrottle struct {
	mu          sync.Mutex
	activeUntil time.Time
	waiting     chan struct{} // Closed when the rest of all is over; nil while nobody rests.
	poll        *time.Timer   // Ends it where nothing happens.
}

// rouse says that something happened.
func (a *gossipThrottle) wake() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.activeUntil = time.Now().Add(activePeriod)
	a.wakeLocked()
}

// wake must be called with the lock held.
func (a *gossipThrottle) wakeLocked() {
	if a.waiting != nil {
		a.poll.Stop()
		close(a.waiting)
		a.waiting = nil
	}
}

// rest returns at once where something happened lately, and otherwise when something does, or is to be looked for.
func (a *gossipThrottle) wait() {
	a.mu.Lock()
	if time.Now().Before(a.activeUntil) {
		a.mu.Unlock()
		return
	}
	if a.waiting == nil {
		a.waiting = make(chan struct{})
		a.poll = time.AfterFunc(idlePollInterval, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.wakeLocked()
		})
	}
	over := a.waiting
	a.mu.Unlock()
	<-over
}

// restedPeer is asked by gossip before each look whether it is still there.
type throttledPeer struct {
	p2p.Peer
	throttle *gossipThrottle
}

// IsRunning implements p2p.Peer.
func (p throttledPeer) IsRunning() bool {
	p.throttle.wait()
	return p.Peer.IsRunning()
}
