package chain

import (
	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
)

// tap is CometBFT's consensus reactor with a witness at its door, whose gossip rests while nothing happens.
type consensusReactor struct {
	*consensus.Reactor
	signatures *signatureCache
	gossip     *gossipThrottle
}

// Receive implements p2p.Reactor.
func (t consensusReactor) Receive(e p2p.Envelope) {
	t.gossip.wake()
	t.signatures.observe(e.Message)
	t.Reactor.Receive(e)
}

// AddPeer implements p2p.Reactor. It begins the goroutines that look for something to tell the peer.
func (t consensusReactor) AddPeer(peer p2p.Peer) {
	t.gossip.wake()
	t.Reactor.AddPeer(throttledPeer{peer, t.gossip})
}

// consensusReactor is CometBFT's name for it.
const consensusReactorName = "CONSENSUS"

// tapConsensus puts the tap in front of a node's consensus.
func (n *Node) wrapConsensus(comet *node.Node) {
	node.CustomReactors(map[string]p2p.Reactor{consensusReactorName: consensusReactor{comet.ConsensusReactor(), n.signatures, &n.gossip}})(comet)
}
