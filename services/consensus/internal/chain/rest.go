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
	awake = 250 * time.Millisecond
	// restLook is when it looks all the same, for whatever else there may be to tell.
	restLook = 100 * time.Millisecond
)

// alert has those who have nothing to do rest until something happens.
type alert struct {
	mu      sync.Mutex
	until   time.Time
	resting chan struct{} // Closed when the rest of all is over; nil while nobody rests.
	look    *time.Timer   // Ends it where nothing happens.
}

// rouse says that something happened.
func (a *alert) rouse() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until = time.Now().Add(awake)
	a.wake()
}

// wake must be called with the lock held.
func (a *alert) wake() {
	if a.resting != nil {
		a.look.Stop()
		close(a.resting)
		a.resting = nil
	}
}

// rest returns at once where something happened lately, and otherwise when something does, or is to be looked for.
func (a *alert) rest() {
	a.mu.Lock()
	if time.Now().Before(a.until) {
		a.mu.Unlock()
		return
	}
	if a.resting == nil {
		a.resting = make(chan struct{})
		a.look = time.AfterFunc(restLook, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.wake()
		})
	}
	over := a.resting
	a.mu.Unlock()
	<-over
}

// restedPeer is asked by gossip before each look whether it is still there.
type restedPeer struct {
	p2p.Peer
	alert *alert
}

// IsRunning implements p2p.Peer.
func (p restedPeer) IsRunning() bool {
	p.alert.rest()
	return p.Peer.IsRunning()
}
