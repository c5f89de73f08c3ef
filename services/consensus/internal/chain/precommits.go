package chain

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cometbft/cometbft/blocksync"
	"github.com/cometbft/cometbft/p2p"
	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"
	"github.com/cometbft/cometbft/types"
)

// Block sync fetches a block with the precommits that one peer has for it. CometBFT verifies their signatures, but not the beacon shares
// in their vote extensions: the sharing that these must match is known only once the blocks before are executed. So a Byzantine
// validator may have replaced its own share by an invalid one, and it may be the share that is needed. Other peers have precommits for
// the block as well, and a recovered beacon is verified under the group key, whoever sent the shares.

// rerequestAfter is after how long a request to a peer has failed, and may be sent again.
const rerequestAfter = 10 * time.Second

// blockRequest is the latest request that was sent to a peer.
type blockRequest struct {
	height   int64
	sentAt   time.Time
	answered bool
}

func (q blockRequest) pending(now time.Time) bool {
	return !q.answered && now.Sub(q.sentAt) < rerequestAfter
}

// precommitFetcher fetches the precommits for one block from several peers.
type precommitFetcher struct {
	arrived chan struct{} // Signals that precommits have arrived.

	mu       sync.Mutex
	requests map[p2p.ID]blockRequest
	height   int64 // Of commits.
	commits  map[p2p.ID]*types.ExtendedCommit
}

func newPrecommitFetcher() *precommitFetcher {
	return &precommitFetcher{arrived: make(chan struct{}, 1), requests: make(map[p2p.ID]blockRequest)}
}

// requestPrecommits asks the trusted peers for the precommits for a block.
func (n *Node) requestPrecommits(height int64) {
	n.eachPeer(func(peer p2p.Peer) {
		if n.isTrusted(peer.ID()) && n.precommits.markRequested(peer.ID(), height, time.Now()) {
			peer.TrySend(p2p.Envelope{ChannelID: blocksync.BlocksyncChannel, Message: &bcproto.BlockRequest{Height: height}})
		}
	})
}

// markRequested records a request to a peer. It reports false if the peer must not be asked yet: one whose answer does not help would
// otherwise be asked again at once.
func (f *precommitFetcher) markRequested(id p2p.ID, height int64, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if last := f.requests[id]; last.height == height && now.Sub(last.sentAt) < rerequestAfter {
		return false
	}
	f.requests[id] = blockRequest{height: height, sentAt: now}
	if f.height != height {
		f.height, f.commits = height, make(map[p2p.ID]*types.ExtendedCommit)
	}
	return true
}

// isPending reports whether a request to the peer is outstanding.
func (f *precommitFetcher) isPending(id p2p.ID, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests[id].pending(now)
}

// accept stores the precommits of a response. It reports false if the block answers no request made here, and so belongs to block sync.
func (f *precommitFetcher) accept(id p2p.ID, response *bcproto.BlockResponse, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.requests[id]
	if response.Block == nil || !asked.pending(now) || asked.height != response.Block.Header.Height {
		return false
	}
	asked.answered = true
	f.requests[id] = asked
	commit, err := types.ExtendedCommitFromProto(response.ExtCommit)
	if err == nil && f.height == response.Block.Header.Height {
		f.commits[id] = commit
		notify(f.arrived)
	}
	return true
}

// commitsAt returns the precommits for a block that peers have sent.
func (f *precommitFetcher) commitsAt(height int64) []*types.ExtendedCommit {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.height != height {
		return nil
	}
	return slices.Collect(maps.Values(f.commits))
}
