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
type turns struct {
	*mempool.Reactor
	taking *sync.Mutex
	alert  *alert
	member func(p2p.ID) bool
}

// Receive implements p2p.Reactor.
func (t turns) Receive(e p2p.Envelope) {
	if !t.member(e.Src.ID()) { // A commitment carries no signature, and the first for a round stands.
		return
	}
	t.taking.Lock()
	defer t.taking.Unlock()
	t.alert.rouse()
	t.Reactor.Receive(e)
}

// mempoolReactor is CometBFT's name for it.
const mempoolReactor = "MEMPOOL"

// takeTurns has peers and Submit take turns at a node's mempool.
func (n *Node) takeTurns(comet *node.Node) {
	if reactor, ok := comet.Switch().Reactor(mempoolReactor); ok {
		node.CustomReactors(map[string]p2p.Reactor{mempoolReactor: turns{reactor.(*mempool.Reactor), &n.taking, &n.alert, n.member}})(comet)
	}
}
