package chain

import (
	"sync"

	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
)

// mempoolReactor is CometBFT's mempool reactor, which accepts transactions from one source at a time. CometBFT's own protection against
// adding a transaction twice, when two peers send it at once, is the cache that this node disables (see cometConfig). A transaction that
// was added twice would stay in the mempool after it is decided, and this validator would propose blocks for it forever.
type mempoolReactor struct {
	*mempool.Reactor
	mu       *sync.Mutex
	gossip   *gossipThrottle
	isMember func(p2p.ID) bool
}

// Receive implements p2p.Reactor.
func (r mempoolReactor) Receive(e p2p.Envelope) {
	if !r.isMember(e.Src.ID()) { // Commitments are not signed, and the first one for a round wins.
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gossip.wake()
	r.Reactor.Receive(e)
}

// mempoolReactorName is CometBFT's name of its mempool reactor.
const mempoolReactorName = "MEMPOOL"

// wrapMempool wraps a node's mempool reactor, so that peers and Submit exclude each other.
func (n *Node) wrapMempool(comet *node.Node) {
	if reactor, ok := comet.Switch().Reactor(mempoolReactorName); ok {
		node.CustomReactors(map[string]p2p.Reactor{mempoolReactorName: mempoolReactor{reactor.(*mempool.Reactor), &n.mempoolMu, &n.gossip, n.isMember}})(comet)
	}
}
