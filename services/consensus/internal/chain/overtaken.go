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
		"start it again, and it joins from a snapshot")
	// ErrStranded means that it is overtaken, and could not join either.
	ErrStranded = errors.New("this validator is overtaken: its peers no longer have the blocks that it needs, and none offers a " +
		"snapshot from which it could go on; either the next one is still to come, or chain.snapshot_blocks is 0 everywhere")
)

const (
	// lookEvery is how often a validator looks whether it got on. One that did since is not overtaken: block sync may hold
	// blocks that its peers have pruned.
	progressInterval = time.Second
	// warnEvery is how often a stranded validator says so.
	strandedWarnInterval = time.Minute
)

// keepUp ends a validator that its peers can't help any more, so that its next start joins. CometBFT leaves it where it is:
// its block sync passes over peers that can't send the next block, takes itself for the first of the chain, and hands over to
// consensus, which waits.
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
		rests := s.height == last && (s.height > 0 || !n.stateSyncing)
		overtaken := rests && s.overtaken()
		if overtaken && s.canRestore(n.stateProvider.latestSnapshot()) {
			n.exitForStateSync(s)
			return
		}
		if rests {
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

// askAhead asks the peers that are ahead of a height which blocks they have now, and where those don't help, which snapshots.
func (n *Node) queryPeersAhead(height int64, forSnapshots bool) {
	n.eachPeer(func(peer p2p.Peer) {
		said, _ := peer.Get(blockRangeKey).(blockRange)
		state, ok := peer.Get(types.PeerStateKey).(*consensus.PeerState)
		if said.height <= height && (!ok || state.GetHeight()-1 <= height) { // It works on the block behind the one that it has.
			return
		}
		peer.TrySend(p2p.Envelope{ChannelID: blocksync.BlocksyncChannel, Message: &bcproto.StatusRequest{}})
		if forSnapshots {
			peer.TrySend(p2p.Envelope{ChannelID: statesync.SnapshotChannel, Message: &ssproto.SnapshotsRequest{}})
		}
	})
}

// leave ends the validator, with a note for its next start.
func (n *Node) exitForStateSync(s syncStatus) {
	err := fmt.Errorf("%w (it has block %d, and they have a snapshot of block %d)", ErrOvertaken, s.height, n.stateProvider.latestSnapshot())
	if err := writeMarker(n.home.dir, overtakenFile, err.Error()); err != nil {
		n.logger.Error("that this validator is overtaken can't be noted in the data folder; its next start finds out again", "error", err)
	}
	n.logger.Warn("the validator ends to join from a snapshot", "error", err)
	n.termination.end(err)
}

// Stranded returns ErrStranded as long as the validator is overtaken and can't join either.
func (n *Node) Stranded() error {
	if n.stranded.Load() {
		return ErrStranded
	}
	return nil
}
