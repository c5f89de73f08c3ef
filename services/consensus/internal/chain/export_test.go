package chain

import (
	"errors"
	"log/slog"

	"github.com/cometbft/cometbft/blocksync"
	"github.com/cometbft/cometbft/p2p"
	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"
	"github.com/cosmos/gogoproto/proto"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Prune prunes the blocks below a height.
func (n *Node) Prune(below int64) error {
	s, err := n.states.Load()
	if err != nil {
		return err
	}
	_, kept, err := n.comet.BlockStore().PruneBlocks(below, s)
	return errors.Join(err, n.states.PruneStates(1, below, kept))
}

// Base is the first block that CometBFT has.
func (n *Node) Base() int64 { return n.comet.BlockStore().Base() }

// WithoutRecord deletes the record of a block, which an earlier release did not store.
func (n *Node) WithoutRecord(height int64) error { return n.store.db.Delete(recordKey(height)) }

// WithoutBeacon deletes a beacon, as in a damaged store.
func (n *Node) WithoutBeacon(height int64) error { return n.store.db.Delete(beaconKey(height)) }

// JudgeSync is how a validator at a height judges the first and last blocks that connected validators report, and the latest snapshot.
func JudgeSync(height int64, members int, peers [][2]int64, snapshot int64) (overtaken, canRestore bool) {
	s := syncStatus{height: height, validators: members}
	for _, peer := range peers {
		s.peers = append(s.peers, blockRange{peer[0], peer[1]})
	}
	return s.overtaken(), s.canRestore(snapshot)
}

// ResetIfMarked is what a start does before it opens the data.
func ResetIfMarked(home string) error { return resetIfMarked(home, slog.New(slog.DiscardHandler)) }

// Diverge makes the validator continue from a different state than the one that it computed.
func (n *Node) Diverge() {
	n.app.mu.Lock()
	defer n.app.mu.Unlock()
	n.app.last.AppHash[0] ^= 1
}

// CorruptTip makes the stored state differ from the chain's.
func (n *Node) CorruptTip() {
	t := n.app.tip()
	t.AppHash[0] ^= 1
	if err := n.store.commit(t, order.Result{}); err != nil {
		panic(err)
	}
}

// MaxUntrustedPeers is maxUntrustedPeers.
const MaxUntrustedPeers = maxUntrustedPeers

// Peers is how many peers the validator is connected to.
func (n *Node) Peers() int { return n.comet.Switch().Peers().Size() }

// ClaimBlocks reports to all peers that the node has these blocks, and asks each which it has. Once Answered reports true, all of them
// have read the claim.
func (n *Node) ClaimBlocks(base, height int64) {
	n.eachPeer(func(peer p2p.Peer) {
		peer.Set(blockRangeKey, nil)
		for _, message := range []proto.Message{&bcproto.StatusResponse{Base: base, Height: height}, &bcproto.StatusRequest{}} {
			peer.Send(p2p.Envelope{ChannelID: blocksync.BlocksyncChannel, Message: message})
		}
	})
}

// Answered reports whether all peers have reported which blocks they have.
func (n *Node) Answered() bool {
	answered := true
	n.eachPeer(func(peer p2p.Peer) {
		_, ok := peer.Get(blockRangeKey).(blockRange)
		answered = answered && ok
	})
	return answered
}

// Overtaken reports whether the validator takes itself for overtaken.
func (n *Node) Overtaken() bool { return n.syncStatus().overtaken() }

// Waiting is how many transactions are in this validator's mempool.
func (n *Node) Waiting() int { return n.comet.Mempool().Size() }
