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

// A block that was fetched comes with the precommits that one peer has of it. CometBFT checks their signatures, and can't check the
// shares in them: whose they must fit is known only once the blocks before are executed. A validator that lies may so have spoilt its
// own, and it may be the one that is needed. Other peers have the precommits as well, and a beacon proves itself, whoever lent what
// makes it.

// askAgain is when a peer that was asked for a block is asked anew. It is not waited for any longer.
const rerequestAfter = 10 * time.Second

// question is what a peer was asked last.
type blockRequest struct {
	height   int64
	sentAt   time.Time
	answered bool
}

func (q blockRequest) pending(now time.Time) bool {
	return !q.answered && now.Sub(q.sentAt) < rerequestAfter
}

// loan are the precommits of one block as peers have them.
type precommitFetcher struct {
	arrived chan struct{} // Tells that there are more.

	mu       sync.Mutex
	requests map[p2p.ID]blockRequest
	height   int64 // That of lent.
	commits  map[p2p.ID]*types.ExtendedCommit
}

func newPrecommitFetcher() *precommitFetcher {
	return &precommitFetcher{arrived: make(chan struct{}, 1), requests: make(map[p2p.ID]blockRequest)}
}

// borrow asks the peers that this validator knows for the precommits of a block.
func (n *Node) requestPrecommits(height int64) {
	n.eachPeer(func(peer p2p.Peer) {
		if n.isTrusted(peer.ID()) && n.precommits.markRequested(peer.ID(), height, time.Now()) {
			peer.TrySend(p2p.Envelope{ChannelID: blocksync.BlocksyncChannel, Message: &bcproto.BlockRequest{Height: height}})
		}
	})
}

// ask notes that a peer is asked, and reports whether it is time to: one that answers in vain would be asked again at once.
func (l *precommitFetcher) markRequested(id p2p.ID, height int64, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := l.requests[id]; last.height == height && now.Sub(last.sentAt) < rerequestAfter {
		return false
	}
	l.requests[id] = blockRequest{height: height, sentAt: now}
	if l.height != height {
		l.height, l.commits = height, make(map[p2p.ID]*types.ExtendedCommit)
	}
	return true
}

// awaits reports whether the peer was asked a moment ago and has not answered.
func (l *precommitFetcher) isPending(id p2p.ID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.requests[id].pending(now)
}

// take reports whether a block is an answer, which block sync did not ask for.
func (l *precommitFetcher) accept(id p2p.ID, response *bcproto.BlockResponse, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := l.requests[id]
	if response.Block == nil || !asked.pending(now) || asked.height != response.Block.Header.Height {
		return false
	}
	asked.answered = true
	l.requests[id] = asked
	commit, err := types.ExtendedCommitFromProto(response.ExtCommit)
	if err == nil && l.height == response.Block.Header.Height {
		l.commits[id] = commit
		notify(l.arrived)
	}
	return true
}

// of are the precommits of a block that peers have lent.
func (l *precommitFetcher) commitsAt(height int64) []*types.ExtendedCommit {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.height != height {
		return nil
	}
	return slices.Collect(maps.Values(l.commits))
}
