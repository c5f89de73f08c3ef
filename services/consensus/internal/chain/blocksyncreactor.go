package chain

import (
	"slices"
	"time"

	"github.com/cometbft/cometbft/blocksync"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// span is what a peer says of the blocks that it has: the first and the last.
type blockRange struct{ base, height int64 }

// standing is a validator among those that it is connected to.
type syncStatus struct {
	height     int64
	validators int
	peers      []blockRange // Of the connected validators.
}

// overtaken reports whether blocks that this validator needs are gone: more validators than may lie no longer have its next
// one, and none could still send it.
func (s syncStatus) overtaken() bool {
	pruned := 0
	for _, peer := range s.peers {
		switch {
		case peer.base > s.height+1:
			pruned++
		case peer.height > s.height:
			return false
		}
	}
	return pruned > order.Faults(s.validators)
}

// wayBack reports whether a snapshot leads past the gap: a connected validator has the block behind it.
func (s syncStatus) canRestore(snapshot int64) bool {
	return snapshot > s.height && slices.ContainsFunc(s.peers, func(peer blockRange) bool {
		return peer.base <= snapshot+1 && peer.height > snapshot
	})
}

// spans is CometBFT's block sync with a view of what peers say of their blocks. It is kept with the peer, and goes with it. Of what
// strangers claim to have nothing is fetched.
type blockSyncReactor struct {
	*blocksync.Reactor
	isTrusted  func(p2p.ID) bool
	precommits *precommitFetcher
}

// FilterMsgBytes implements p2p.MsgBytesFilter. Block sync would hang up on a peer that it did not ask.
func (s blockSyncReactor) FilterMsgBytes(channel byte, peer p2p.Peer, message []byte) error {
	if s.precommits.isPending(peer.ID(), time.Now()) {
		return nil
	}
	return s.Reactor.FilterMsgBytes(channel, peer, message)
}

// Receive implements p2p.Reactor.
func (s blockSyncReactor) Receive(e p2p.Envelope) {
	switch message := e.Message.(type) {
	case *bcproto.StatusResponse:
		if !s.isTrusted(e.Src.ID()) {
			return
		}
		if blocksync.ValidateMsg(message) == nil && message.Base <= message.Height {
			e.Src.Set(blockRangeKey, blockRange{message.Base, message.Height})
		}
	case *bcproto.BlockResponse:
		if s.precommits.accept(e.Src.ID(), message, time.Now()) {
			return
		}
	}
	s.Reactor.Receive(e)
}

const (
	// spanKey is where a peer's span is kept with it.
	blockRangeKey = "bitcraps.span"
	// blocksReactor is CometBFT's name for its block sync.
	blockSyncReactorName = "BLOCKSYNC"
)

// viewSpans puts the view in front of a node's block sync.
func (n *Node) wrapBlockSync(comet *node.Node) {
	reactor, _ := comet.Switch().Reactor(blockSyncReactorName)
	if blocks, ok := reactor.(*blocksync.Reactor); ok {
		node.CustomReactors(map[string]p2p.Reactor{blockSyncReactorName: blockSyncReactor{blocks, n.isTrusted, n.precommits}})(comet)
	}
}

// standing asks nobody: it goes by what peers said last.
func (n *Node) syncStatus() syncStatus {
	members := n.app.votingMembers()
	s := syncStatus{height: n.Height(), validators: len(members)}
	n.eachConnectedValidator(func(_ order.Member, peer p2p.Peer) {
		if said, ok := peer.Get(blockRangeKey).(blockRange); ok {
			s.peers = append(s.peers, said)
		}
	})
	return s
}
