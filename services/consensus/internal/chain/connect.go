package chain

import (
	"context"
	"math/rand/v2"
	"time"
)

// redialAfter is about how long a lost peer stays lost, if it can be reached. CometBFT's own redialling waits up to
// eight seconds, and up to three before it dials at all.
const redialInterval = 500 * time.Millisecond

// connect keeps a connection to a peer. Its name is looked up for every call: a peer that moved is found again.
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
		// Two validators that dial each other at the same moment both hang up; chance keeps them from doing so again.
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
