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

// blockRange is the range of blocks that a peer reports to have: the first and the last.
type blockRange struct{ base, height int64 }

// syncStatus compares a validator's height with the blocks of the validators that it is connected to.
type syncStatus struct {
	height     int64
	validators int
	peers      []blockRange // The block ranges of the connected validators.
}

// overtaken reports whether the blocks that this validator needs are pruned everywhere: more than f connected validators report that they
// have pruned its next block, and none could still send it.
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

// canRestore reports whether a snapshot leads past the gap: a connected validator has the block after it.
func (s syncStatus) canRestore(snapshot int64) bool {
	return snapshot > s.height && slices.ContainsFunc(s.peers, func(peer blockRange) bool {
		return peer.base <= snapshot+1 && peer.height > snapshot
	})
}

// blockSyncReactor is CometBFT's block sync reactor. It records the block range that each peer reports with the peer itself, drops the
// reports of untrusted peers so that no block is fetched from them, and passes requested precommits to the fetcher.
type blockSyncReactor struct {
	*blocksync.Reactor
	isTrusted  func(p2p.ID) bool
	precommits *precommitFetcher
}

// FilterMsgBytes implements p2p.MsgBytesFilter. Block sync would disconnect a peer that sends a block which it did not request.
func (r blockSyncReactor) FilterMsgBytes(channel byte, peer p2p.Peer, message []byte) error {
	if r.precommits.isPending(peer.ID(), time.Now()) {
		return nil
	}
	return r.Reactor.FilterMsgBytes(channel, peer, message)
}

// Receive implements p2p.Reactor.
func (r blockSyncReactor) Receive(e p2p.Envelope) {
	switch message := e.Message.(type) {
	case *bcproto.StatusResponse:
		if !r.isTrusted(e.Src.ID()) {
			return
		}
		if blocksync.ValidateMsg(message) == nil && message.Base <= message.Height {
			e.Src.Set(blockRangeKey, blockRange{message.Base, message.Height})
		}
	case *bcproto.BlockResponse:
		if r.precommits.accept(e.Src.ID(), message, time.Now()) {
			return
		}
	}
	r.Reactor.Receive(e)
}

const (
	// blockRangeKey is the key under which a peer's block range is stored with the peer.
	blockRangeKey = "bitcraps.block_range"
	// blockSyncReactorName is CometBFT's name of its block sync reactor.
	blockSyncReactorName = "BLOCKSYNC"
)

// wrapBlockSync wraps a node's block sync reactor.
func (n *Node) wrapBlockSync(comet *node.Node) {
	reactor, _ := comet.Switch().Reactor(blockSyncReactorName)
	if blocks, ok := reactor.(*blocksync.Reactor); ok {
		node.CustomReactors(map[string]p2p.Reactor{blockSyncReactorName: blockSyncReactor{blocks, n.isTrusted, n.precommits}})(comet)
	}
}

// syncStatus sends no requests: it uses what peers reported last.
func (n *Node) syncStatus() syncStatus {
	members := n.app.votingMembers()
	s := syncStatus{height: n.Height(), validators: len(members)}
	n.eachConnectedValidator(func(_ order.Member, peer p2p.Peer) {
		if reported, ok := peer.Get(blockRangeKey).(blockRange); ok {
			s.peers = append(s.peers, reported)
		}
	})
	return s
}
