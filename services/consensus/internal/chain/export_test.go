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

// Prune forgets the blocks below a height, as a validator with little room would.
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

// WithoutRecord forgets what was kept for the proofs of a block, as an earlier release did not keep it.
func (n *Node) WithoutRecord(height int64) error { return n.store.db.Delete(recordKey(height)) }

// WithoutBeacon forgets a beacon, as a damaged store does.
func (n *Node) WithoutBeacon(height int64) error { return n.store.db.Delete(beaconKey(height)) }

// Judge is what a validator at a height makes of the first and last blocks that connected validators say they have, and of
// the latest snapshot.
func JudgeSync(height int64, members int, peers [][2]int64, snapshot int64) (overtaken, wayBack bool) {
	s := syncStatus{height: height, validators: members}
	for _, peer := range peers {
		s.peers = append(s.peers, blockRange{peer[0], peer[1]})
	}
	return s.overtaken(), s.canRestore(snapshot)
}

// DropNoted is what a start does before it opens the data.
func ResetIfMarked(home string) error { return resetIfMarked(home, slog.New(slog.DiscardHandler)) }

// Diverge has the validator go on from another state than the one that it computed.
func (n *Node) Diverge() {
	n.app.mu.Lock()
	defer n.app.mu.Unlock()
	n.app.last.AppHash[0] ^= 1
}

// SpoilTip has the stored state say what the chain does not.
func (n *Node) CorruptTip() {
	t := n.app.tip()
	t.AppHash[0] ^= 1
	if err := n.store.commit(t, order.Result{}); err != nil {
		panic(err)
	}
}

// MaxStrangers is maxStrangers.
const MaxUntrustedPeers = maxUntrustedPeers

// Peers is how many the validator is connected to.
func (n *Node) Peers() int { return n.comet.Switch().Peers().Size() }

// Claim tells all peers that the node has these blocks, and asks each which it has. Answered reports whether they said so: they have
// read the claim then.
func (n *Node) ClaimBlocks(base, height int64) {
	n.eachPeer(func(peer p2p.Peer) {
		peer.Set(blockRangeKey, nil)
		for _, message := range []proto.Message{&bcproto.StatusResponse{Base: base, Height: height}, &bcproto.StatusRequest{}} {
			peer.Send(p2p.Envelope{ChannelID: blocksync.BlocksyncChannel, Message: message})
		}
	})
}

// Answered reports whether all peers said which blocks they have.
func (n *Node) Answered() bool {
	answered := true
	n.eachPeer(func(peer p2p.Peer) {
		_, ok := peer.Get(blockRangeKey).(blockRange)
		answered = answered && ok
	})
	return answered
}

// Overtaken is what the validator makes of what its peers said.
func (n *Node) Overtaken() bool { return n.syncStatus().overtaken() }

// Waiting is how many transactions wait for a block at this validator.
func (n *Node) Waiting() int { return n.comet.Mempool().Size() }
