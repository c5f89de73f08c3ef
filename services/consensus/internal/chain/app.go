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

// app is the ABCI application: it feeds blocks to the state machine of package order and signs beacons in its vote
// extensions. CometBFT calls its consensus methods one at a time; queries and CheckTx come at any time.
type app struct {
	abci.BaseApplication

	logger   *slog.Logger
	store    *store
	key      dkg.SecretKey    // This validator's.
	address  protocol.Address // This validator's.
	version  uint32           // The newest protocol version that this release speaks.
	now      func() time.Time
	evidence *evidenceLog
	// block reads a block that CometBFT has stored.
	loadBlock func(height int64) *types.Block

	retain int64 // How many blocks are kept; 0 for all.
	// collected is the height up to which no block is needed any more.
	collected func() int64
	// wal is the folder of CometBFT's log; empty where there is none.
	wal string

	// What a restored state is checked against, and where it comes from and goes to.
	home      string
	origin    *origin
	snapshots *snapshotStore
	restore   *restore

	// finalized is the block between FinalizeBlock and Commit.
	finalized *finalized
	// own is the extension that this validator signed last, which needs no check.
	ownExtension []byte

	// committed tells the beacon collector that there is a new block, changed whoever attends ceremonies that the group is
	// another one.
	committed, changed chan struct{}
	// pace adjusts to who could propose next.
	setProposeTimeout func() error
	// admits says whether a peer may connect.
	admitsPeer func(p2p.ID) bool
	// leaving is true from when the node begins to stop.
	stopping atomic.Bool

	mu       sync.RWMutex
	last     tip
	group    *order.Group
	sharings []*sharing // Of the group's, in their order.
}

// origin is what a chain begins with.
type origin struct {
	genesis *types.GenesisDoc
	appHash protocol.Hash
	group   *order.Group
}

// tip is the state behind a block.
type tip struct {
	Height  int64
	AppHash protocol.Hash
}

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

// Group returns the validators and their key behind the last block. Nobody changes it.
func (a *app) Group() *order.Group {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.group
}

// voting are the validators that vote on the next block.
func (a *app) votingMembers() []order.Member {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.group.MembersAt(a.last.Height + 1)
}

// set goes on to the state behind a block.
func (a *app) setState(last tip, group *order.Group, sharings []*sharing) {
	a.evidence.setGroup(group)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last, a.group, a.sharings = last, group, sharings
}

// notify tells the one who waits that there is something new. It need not be told twice.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
