package chain

import (
	"math/rand/v2"
	"time"

	"github.com/cometbft/cometbft/p2p"
)

// redialAfter is about how long a lost peer stays lost, if it can be reached. CometBFT's own redialling waits up to
// eight seconds, and up to three before it dials at all.
const redialAfter = 500 * time.Millisecond

// connect keeps a connection to every configured peer.
func (n *Node) connect(peers []*p2p.NetAddress) {
	for {
		for _, peer := range peers {
			if n.comet.IsRunning() && !n.comet.Switch().IsDialingOrExistingAddress(peer) {
				n.background.Go(func() {
					if err := n.comet.Switch().DialPeerWithAddress(peer); err != nil {
						n.logger.Debug("peer can't be reached", "peer", peer.String(), "error", err)
					}
				})
			}
		}
		// Two validators that dial each other at the same moment both hang up; chance keeps them from doing so again.
		select {
		case <-time.After(redialAfter/2 + rand.N(redialAfter)):
		case <-n.stop:
			return
		}
	}
}

// parsePeers reads peers of the form id@host:port. Names are resolved now.
func parsePeers(peers []string) ([]*p2p.NetAddress, error) {
	addresses := make([]*p2p.NetAddress, len(peers))
	for i, peer := range peers {
		var err error
		if addresses[i], err = p2p.NewNetAddressString(peer); err != nil {
			return nil, err
		}
	}
	return addresses, nil
}
