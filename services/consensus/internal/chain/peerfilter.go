package chain

import (
	"encoding/hex"
	"slices"

	"github.com/cometbft/cometbft/p2p"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// A peer proves that it has the key whose hash is its id. The group maps ids to validators; the name that a peer gives itself is ignored.
// Members may submit transactions. Members and configured peers are trusted as sources of blocks and snapshots. Any other peer may fetch
// blocks, as a validator that is about to join does, and is not trusted (docs/adr/0033).

// maxUntrustedPeers bounds the peers that are neither members nor configured.
const maxUntrustedPeers = 10

// peerID returns a validator's node id as CometBFT writes it.
func peerID(m order.Member) p2p.ID { return p2p.ID(hex.EncodeToString(m.NodeID[:])) }

// isMember reports whether a peer is one of the validators that vote, or that will.
func (n *Node) isMember(id p2p.ID) bool {
	var node order.NodeID
	return node.UnmarshalText([]byte(id)) == nil && n.app.Group().HasNode(node, n.Height()+1)
}

// NotMember returns ErrNotMember as long as this node is not a member itself.
func (n *Node) NotMember() error {
	if n.isMember(n.home.nodeKey.ID()) {
		return nil
	}
	return ErrNotMember
}

// isTrusted reports whether a peer is a member, or configured: a joining validator knows only the members of genesis, so its operator
// configures the peers to fetch the chain from.
func (n *Node) isTrusted(id p2p.ID) bool {
	return n.isMember(id) || slices.ContainsFunc(n.peers, func(p peerAddress) bool { return p.id == id })
}

// admitsPeer reports whether there is a slot for a peer.
func (n *Node) admitsPeer(id p2p.ID) bool {
	untrusted := 0
	n.eachPeer(func(peer p2p.Peer) {
		if !n.isTrusted(peer.ID()) {
			untrusted++
		}
	})
	return untrusted < maxUntrustedPeers || n.isTrusted(id)
}

func (n *Node) eachPeer(f func(peer p2p.Peer)) {
	if n.comet.IsRunning() {
		n.comet.Switch().Peers().ForEach(f)
	}
}

// eachConnectedValidator calls f with every connected validator of the next block, itself excluded.
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
