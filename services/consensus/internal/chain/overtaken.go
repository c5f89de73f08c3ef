package chain

import (
	"errors"
	"fmt"
	"time"

	"github.com/cometbft/cometbft/blocksync"
	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/p2p"
	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"
	ssproto "github.com/cometbft/cometbft/proto/tendermint/statesync"
	"github.com/cometbft/cometbft/statesync"
	"github.com/cometbft/cometbft/types"
)

var (
	// ErrOvertaken means that this validator was away for longer than its peers keep blocks.
	ErrOvertaken = errors.New("this validator is overtaken: its peers no longer have the blocks that it needs; " +
		"restart it, and it restores a snapshot")
	// ErrStranded means that this validator is overtaken, and can't restore a snapshot either.
	ErrStranded = errors.New("this validator is overtaken: its peers no longer have the blocks that it needs, and none offers a " +
		"snapshot from which it could continue; either the next one is not made yet, or chain.snapshot_blocks is 0 everywhere")
)

const (
	// progressInterval is how often a validator checks whether it made progress. One that did is not overtaken: block sync may already
	// have fetched blocks that its peers have pruned since.
	progressInterval = time.Second
	// strandedWarnInterval is how often a stranded validator logs a warning.
	strandedWarnInterval = time.Minute
)

// watchProgress ends a validator whose peers have pruned the blocks that it needs, so that its next start restores a snapshot. CometBFT
// would leave it stuck: its block sync ignores peers that can't send the next block, concludes that it has caught up, and switches to
// consensus, which waits forever.
func (n *Node) watchProgress() {
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	last, asked, warned := n.Height(), false, time.Time{}
	for n.termination.cause() == nil {
		select {
		case <-tick.C:
		case <-n.stop:
			return
		}
		n.endStateSync()
		s := n.syncStatus()
		stalled := s.height == last && (s.height > 0 || !n.stateSyncing)
		overtaken := stalled && s.overtaken()
		if overtaken && s.canRestore(n.stateProvider.latestSnapshot()) {
			n.exitForStateSync(s)
			return
		}
		if stalled {
			n.queryPeersAhead(s.height, overtaken)
		}
		n.stranded.Store(overtaken && asked)
		if now := n.app.now(); overtaken && asked && now.Sub(warned) >= strandedWarnInterval {
			n.logger.Warn(ErrStranded.Error(), "height", s.height)
			warned = now
		}
		last, asked = s.height, overtaken
	}
}

// queryPeersAhead asks the peers that are ahead of a height which blocks they have now and, if those don't help, which snapshots.
func (n *Node) queryPeersAhead(height int64, forSnapshots bool) {
	n.eachPeer(func(peer p2p.Peer) {
		reported, _ := peer.Get(blockRangeKey).(blockRange)
		state, ok := peer.Get(types.PeerStateKey).(*consensus.PeerState)
		if reported.height <= height && (!ok || state.GetHeight()-1 <= height) { // A peer's height is that of the block after its last one.
			return
		}
		peer.TrySend(p2p.Envelope{ChannelID: blocksync.BlocksyncChannel, Message: &bcproto.StatusRequest{}})
		if forSnapshots {
			peer.TrySend(p2p.Envelope{ChannelID: statesync.SnapshotChannel, Message: &ssproto.SnapshotsRequest{}})
		}
	})
}

// exitForStateSync ends the validator, with a marker file for its next start.
func (n *Node) exitForStateSync(s syncStatus) {
	err := fmt.Errorf("%w (it has block %d, and they have a snapshot of block %d)", ErrOvertaken, s.height, n.stateProvider.latestSnapshot())
	if err := writeMarker(n.home.dir, overtakenFile, err.Error()); err != nil {
		n.logger.Error("the marker that this validator is overtaken can't be written to the data folder; its next start will detect it again", "error", err)
	}
	n.logger.Warn("the validator ends, and restores a snapshot at its next start", "error", err)
	n.termination.end(err)
}

// Stranded returns ErrStranded as long as the validator is overtaken and can't restore a snapshot either.
func (n *Node) Stranded() error {
	if n.stranded.Load() {
		return ErrStranded
	}
	return nil
}
