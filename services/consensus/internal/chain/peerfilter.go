package chain

import (
	"encoding/hex"
	"slices"

	"github.com/cometbft/cometbft/p2p"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// A peer proves that it has the key that its id is the hash of. Whose id it is, the group says; what a peer calls itself counts for
// nothing. Members are heard. A stranger may fetch blocks, as whoever is about to join does, and is not believed (docs/adr/0033).

// maxStrangers bounds the peers that are neither members nor named in the configuration.
const maxUntrustedPeers = 10

// peerID is how CometBFT writes a validator's node id.
func peerID(m order.Member) p2p.ID { return p2p.ID(hex.EncodeToString(m.NodeID[:])) }

// member reports whether a peer is one of the validators that vote, or that will.
func (n *Node) isMember(id p2p.ID) bool {
	var node order.NodeID
	return node.UnmarshalText([]byte(id)) == nil && n.app.Group().HasNode(node, n.Height()+1)
}

// Stranger returns ErrStranger as long as this node is no member itself.
func (n *Node) NotMember() error {
	if n.isMember(n.home.nodeKey.ID()) {
		return nil
	}
	return ErrNotMember
}

// known reports whether a peer is a member, or named in this validator's configuration: a validator that joins knows the members
// of genesis only, and its operator whom to fetch the chain from.
func (n *Node) isTrusted(id p2p.ID) bool {
	return n.isMember(id) || slices.ContainsFunc(n.peers, func(p peerAddress) bool { return p.id == id })
}

// admits reports whether there is a place for a peer.
func (n *Node) admitsPeer(id p2p.ID) bool {
	strangers := 0
	n.eachPeer(func(peer p2p.Peer) {
		if !n.isTrusted(peer.ID()) {
			strangers++
		}
	})
	return strangers < maxUntrustedPeers || n.isTrusted(id)
}

func (n *Node) eachPeer(f func(peer p2p.Peer)) {
	if n.comet.IsRunning() {
		n.comet.Switch().Peers().ForEach(f)
	}
}

// eachVoting calls f with every validator of the next block that is connected.
func (n *Node) eachConnectedValidator(f func(m order.Member, peer p2p.Peer)) {
	if !n.comet.IsRunning() {
		return
	}
	peers := n.comet.Switch().Peers()
	for _, m := range n.app.votingMembers() {
		if peer := peers.Get(peerID(m)); peer != nil {
			f(m, peer)
		}
	}
}
