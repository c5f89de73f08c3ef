package chain

import (
	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
)

// consensusReactor is CometBFT's consensus reactor. It remembers the signed messages that arrive, and throttles gossip while the node is
// idle.
type consensusReactor struct {
	*consensus.Reactor
	signatures *signatureCache
	gossip     *gossipThrottle
}

// Receive implements p2p.Reactor.
func (r consensusReactor) Receive(e p2p.Envelope) {
	r.gossip.wake()
	r.signatures.observe(e.Message)
	r.Reactor.Receive(e)
}

// AddPeer implements p2p.Reactor. It starts the goroutines that gossip with the peer.
func (r consensusReactor) AddPeer(peer p2p.Peer) {
	r.gossip.wake()
	r.Reactor.AddPeer(throttledPeer{peer, r.gossip})
}

// consensusReactorName is CometBFT's name of its consensus reactor.
const consensusReactorName = "CONSENSUS"

// wrapConsensus wraps a node's consensus reactor.
func (n *Node) wrapConsensus(comet *node.Node) {
	node.CustomReactors(map[string]p2p.Reactor{consensusReactorName: consensusReactor{comet.ConsensusReactor(), n.signatures, &n.gossip}})(comet)
}
