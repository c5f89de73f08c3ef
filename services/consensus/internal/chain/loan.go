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
const askAgain = 10 * time.Second

// question is what a peer was asked last.
type question struct {
	height   int64
	at       time.Time
	answered bool
}

func (q question) open(now time.Time) bool { return !q.answered && now.Sub(q.at) < askAgain }

// loan are the precommits of one block as peers have them.
type loan struct {
	came chan struct{} // Tells that there are more.

	mu     sync.Mutex
	asked  map[p2p.ID]question
	height int64 // That of lent.
	lent   map[p2p.ID]*types.ExtendedCommit
}

func newLoan() *loan { return &loan{came: make(chan struct{}, 1), asked: make(map[p2p.ID]question)} }

// borrow asks the peers that this validator knows for the precommits of a block.
func (n *Node) borrow(height int64) {
	n.eachPeer(func(peer p2p.Peer) {
		if n.known(peer.ID()) && n.loan.ask(peer.ID(), height, time.Now()) {
			peer.TrySend(p2p.Envelope{ChannelID: blocksync.BlocksyncChannel, Message: &bcproto.BlockRequest{Height: height}})
		}
	})
}

// ask notes that a peer is asked, and reports whether it is time to: one that answers in vain would be asked again at once.
func (l *loan) ask(id p2p.ID, height int64, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := l.asked[id]; last.height == height && now.Sub(last.at) < askAgain {
		return false
	}
	l.asked[id] = question{height: height, at: now}
	if l.height != height {
		l.height, l.lent = height, make(map[p2p.ID]*types.ExtendedCommit)
	}
	return true
}

// awaits reports whether the peer was asked a moment ago and has not answered.
func (l *loan) awaits(id p2p.ID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[id].open(now)
}

// take reports whether a block is an answer, which block sync did not ask for.
func (l *loan) take(id p2p.ID, response *bcproto.BlockResponse, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := l.asked[id]
	if response.Block == nil || !asked.open(now) || asked.height != response.Block.Header.Height {
		return false
	}
	asked.answered = true
	l.asked[id] = asked
	commit, err := types.ExtendedCommitFromProto(response.ExtCommit)
	if err == nil && l.height == response.Block.Header.Height {
		l.lent[id] = commit
		notify(l.came)
	}
	return true
}

// of are the precommits of a block that peers have lent.
func (l *loan) of(height int64) []*types.ExtendedCommit {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.height != height {
		return nil
	}
	return slices.Collect(maps.Values(l.lent))
}
