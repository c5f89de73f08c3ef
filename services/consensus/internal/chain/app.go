package chain

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// app is the ABCI application: it executes blocks with the state machine of package order and signs beacons in its vote
// extensions. CometBFT calls the consensus methods one at a time; Query and CheckTx may be called at any time.
type app struct {
	abci.BaseApplication

	logger   *slog.Logger
	store    *store
	key      dkg.SecretKey    // This validator's.
	address  protocol.Address // This validator's.
	version  uint32           // The newest protocol version that this release speaks.
	now      func() time.Time
	evidence *evidenceLog
	// loadBlock reads a block of CometBFT's block store.
	loadBlock func(height int64) *types.Block

	retain int64 // How many blocks to keep; 0 for all.
	// collected is the height up to which all beacons are collected, so that no block below is needed any more.
	collected func() int64
	// wal is the folder of CometBFT's write-ahead log; empty if there is none.
	wal string

	// For state sync: where a restored state is staged, what it is checked against, and the snapshots that are offered to peers.
	home      string
	origin    *origin
	snapshots *snapshotStore
	restore   *restore

	// finalized is the block between FinalizeBlock and Commit.
	finalized *finalized
	// ownExtension is the extension that this validator signed last; it needs no verification.
	ownExtension []byte

	// committed tells the beacon collector that there is a new block; changed tells runCeremonies that the group has changed.
	committed, changed chan struct{}
	// setProposeTimeout adjusts the timeout to whether the next proposer is connected.
	setProposeTimeout func() error
	// admitsPeer reports whether a peer may connect.
	admitsPeer func(p2p.ID) bool
	// stopping is true once the node has begun to stop.
	stopping atomic.Bool

	mu       sync.RWMutex
	last     tip
	group    *order.Group
	sharings []*sharing // Parallel to group.Sharings.
}

// origin is the initial state of the chain.
type origin struct {
	genesis *types.GenesisDoc
	appHash protocol.Hash
	group   *order.Group
}

// tip identifies the state after a block.
type tip struct {
	Height  int64
	AppHash protocol.Hash
}

// finalized is a block that was executed and is not committed yet.
type finalized struct {
	tip    tip
	result order.Result
}

// view is the state that blocks are executed against.
type view struct {
	*store
	group *order.Group
}

// Group implements order.Reader.
func (v view) Group() *order.Group { return v.group }

func (a *app) view() view { return view{store: a.store, group: a.Group()} }

func (a *app) tip() tip {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.last
}

// Group returns the validators and their key after the last block. It must not be modified.
func (a *app) Group() *order.Group {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.group
}

// votingMembers returns the validators that vote on the next block.
func (a *app) votingMembers() []order.Member {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.group.MembersAt(a.last.Height + 1)
}

// setState replaces the state by that after a block.
func (a *app) setState(last tip, group *order.Group, sharings []*sharing) {
	a.evidence.setGroup(group)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last, a.group, a.sharings = last, group, sharings
}

// notify signals a channel of capacity 1 without blocking: one pending signal is enough.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
