package chain

import (
	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
)

// tap is CometBFT's consensus reactor with a witness at its door, whose gossip rests while nothing happens.
type tap struct {
	*consensus.Reactor
	witness *witness
	alert   *alert
}

// Receive implements p2p.Reactor.
func (t tap) Receive(e p2p.Envelope) {
	t.alert.rouse()
	t.witness.note(e.Message)
	t.Reactor.Receive(e)
}

// AddPeer implements p2p.Reactor. It begins the goroutines that look for something to tell the peer.
func (t tap) AddPeer(peer p2p.Peer) {
	t.alert.rouse()
	t.Reactor.AddPeer(restedPeer{peer, t.alert})
}

// consensusReactor is CometBFT's name for it.
const consensusReactor = "CONSENSUS"

// tapConsensus puts the tap in front of a node's consensus.
func (n *Node) tapConsensus(comet *node.Node) {
	node.CustomReactors(map[string]p2p.Reactor{consensusReactor: tap{comet.ConsensusReactor(), n.witness, &n.alert}})(comet)
}
