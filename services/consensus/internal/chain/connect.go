package chain

import (
	"context"
	"math/rand/v2"
	"time"
)

// redialInterval is the mean interval between two attempts to reconnect to a peer. CometBFT's own redialling waits up to three seconds
// before the first attempt, and up to eight between attempts.
const redialInterval = 500 * time.Millisecond

// keepConnected keeps a connection to a peer. The host name is resolved for each attempt, so a peer whose address changed is found again.
func (n *Node) keepConnected(peer peerAddress) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n.background.Go(func() { <-n.stop; cancel() })
	for {
		if n.comet.IsRunning() && !n.comet.Switch().Peers().Has(peer.id) {
			if err := n.dial(ctx, peer); err != nil {
				n.logger.Debug("peer can't be reached", "peer", peer.String(), "error", err)
			}
		}
		// If two validators dial each other at the same moment, both hang up; the jitter keeps them from doing so again.
		select {
		case <-time.After(redialInterval/2 + rand.N(redialInterval)):
		case <-n.stop:
			return
		}
	}
}

func (n *Node) dial(ctx context.Context, peer peerAddress) error {
	address, err := peer.resolve(ctx)
	if err != nil || n.comet.Switch().IsDialingOrExistingAddress(address) {
		return err
	}
	return n.comet.Switch().DialPeerWithAddress(address)
}
