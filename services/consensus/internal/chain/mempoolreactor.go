package chain

import (
	"sync"

	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
)

// turns is CometBFT's mempool, which takes one peer's transactions at a time. Its own guard against taking one twice, when two peers
// tell it at once, is the cache that this node does without (see cometConfig). One that was taken twice would stay in the pool when
// it is decided, and have this validator propose blocks for it ever after.
type mempoolReactor struct {
	*mempool.Reactor
	mu       *sync.Mutex
	gossip   *gossipThrottle
	isMember func(p2p.ID) bool
}

// Receive implements p2p.Reactor.
func (t mempoolReactor) Receive(e p2p.Envelope) {
	if !t.isMember(e.Src.ID()) { // A commitment carries no signature, and the first for a round stands.
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gossip.wake()
	t.Reactor.Receive(e)
}

// mempoolReactor is CometBFT's name for it.
const mempoolReactorName = "MEMPOOL"

// takeTurns has peers and Submit take turns at a node's mempool.
func (n *Node) wrapMempool(comet *node.Node) {
	if reactor, ok := comet.Switch().Reactor(mempoolReactorName); ok {
		node.CustomReactors(map[string]p2p.Reactor{mempoolReactorName: mempoolReactor{reactor.(*mempool.Reactor), &n.mempoolMu, &n.gossip, n.isMember}})(comet)
	}
}
