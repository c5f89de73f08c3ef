// Package chain runs one validator: CometBFT as a library, the state machine of package order as its ABCI application,
// and the threshold signatures of package threshold in its vote extensions. No other package depends on CometBFT.
package chain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	cmt "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/state"
	blockstore "github.com/cometbft/cometbft/store"

	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Decision is a round's commitment with the beacon that throws its dice.
type Decision struct {
	order.Ordered
	// BeaconHeight is the block whose precommits carried the signature.
	BeaconHeight int64
	// Signature is the group's signature over BeaconHeight.
	Signature []byte
}

// Node is a running validator.
type Node struct {
	logger        *slog.Logger
	home          *home
	store         *store
	app           *app
	comet         *node.Node
	states        state.Store
	blocks        *blockstore.BlockStore
	evidence      *evidenceLog
	signatures    *signatureCache
	stateProvider *stateProvider
	termination   *termination
	unlock        func()
	decisions     *events.Hub[Decision]
	collected     atomic.Int64
	missing       atomic.Pointer[error] // Why the beacon of the next height can't be collected; nil if it can.
	precommits    *precommitFetcher
	mempoolMu     sync.Mutex     // Held while the mempool accepts transactions.
	gossip        gossipThrottle // Wakes the idle gossip goroutines.

	consensus *cmt.ConsensusConfig
	// proposeTimeout is how long consensus waits for a proposer that is connected.
	proposeTimeout time.Duration

	stateSyncing   bool // The node started without a state, and has no block yet.
	stranded       atomic.Bool
	databases      []dbm.DB
	snapshotBlocks int64
	snapshotDue    chan struct{} // Signals that a snapshot may be due.
	peers          []peerAddress
	stopOnce       sync.Once
	stop           chan struct{}
	background     sync.WaitGroup
}

// decisionBuffer is how many decisions a watcher may lag behind before it must read them from the store.
const decisionBuffer = 256

// Start connects to the peers and takes part in consensus.
func (n *Node) Start() error {
	if err := n.comet.Start(); err != nil {
		return err
	}
	n.background.Go(n.collect)
	n.background.Go(n.runCeremonies)
	n.background.Go(n.runSnapshots)
	n.background.Go(n.watchProgress)
	for _, peer := range n.peers {
		n.background.Go(func() { n.keepConnected(peer) })
	}
	return nil
}

// Stop leaves consensus and closes the stores. It may be called more than once, and without Start.
func (n *Node) Stop() error {
	var err error
	n.stopOnce.Do(func() {
		n.app.stopping.Store(true)
		close(n.stop)
		if n.comet.IsRunning() {
			err = n.comet.Stop()
			n.comet.Wait()
		}
		n.background.Wait()
		err = errors.Join(err, n.close())
	})
	return err
}

// Ordered returns the commitment that was ordered for a round.
func (n *Node) Ordered(round order.Round) (order.Ordered, bool, error) { return n.store.Ordered(round) }

// Continues reports whether the chain knows the round before this one, or nothing of the game, so that it may begin at any round.
func (n *Node) Continues(round order.Round) (bool, error) {
	if _, ok, err := n.store.Ordered(round.Previous()); ok || err != nil {
		return ok, err
	}
	known, err := n.store.HasGame(round.Game)
	return !known, err
}

// Collected returns the height up to which this validator has every beacon that was drawn.
func (n *Node) Collected() int64 { return n.collected.Load() }

// Beacon returns the signature of a height; nil if there is none.
func (n *Node) Beacon(height int64) ([]byte, error) { return n.store.beacon(height) }

// ErrNoBeacon means that a beacon which rounds await is missing.
var ErrNoBeacon = errors.New("chain: there is no beacon for rounds that await it")

// MissingBeacon returns why this validator can't recover a beacon that rounds await; nil if it has all of them.
func (n *Node) MissingBeacon() error {
	if err := n.missing.Load(); err != nil {
		return *err
	}
	return nil
}

// Decision returns the decision on a round. ok is false until its beacon is known.
func (n *Node) Decision(round order.Round) (decision Decision, ok bool, err error) {
	ordered, ok, err := n.store.Ordered(round)
	if err != nil || !ok {
		return Decision{}, false, err
	}
	return n.withBeacon(ordered)
}

// withBeacon completes an ordered commitment with its beacon. ok is false until the beacon is known.
func (n *Node) withBeacon(ordered order.Ordered) (decision Decision, ok bool, err error) {
	height := order.BeaconHeight(ordered.Height)
	signature, err := n.store.beacon(height)
	return Decision{Ordered: ordered, BeaconHeight: height, Signature: signature}, signature != nil, err
}

// Watch delivers the decision on a round when it is made. The caller must close the subscription.
func (n *Node) Watch(round order.Round) *events.Subscription[Decision] {
	return n.decisions.Subscribe(topic(round))
}

// WatchAll delivers every decision. The caller must close the subscription.
func (n *Node) WatchAll() *events.Subscription[Decision] { return n.decisions.Subscribe(allDecisions) }

// allDecisions is the topic of WatchAll; topics of rounds are longer.
const allDecisions = "*"

func topic(round order.Round) string { return string(roundKey(round)) }

// DecisionsFrom calls f with every decision from a height on, in order, up to the latest.
func (n *Node) DecisionsFrom(ctx context.Context, height int64, f func(Decision) error) error {
	return n.OrderedFrom(height, func(ordered order.Ordered) (more bool, err error) {
		collected := n.Collected() // Read first: beacons may be collected meanwhile.
		decision, ok, err := n.withBeacon(ordered)
		if err == nil && !ok && decision.BeaconHeight <= collected {
			err = fmt.Errorf("%w: height %d", ErrNoBeacon, decision.BeaconHeight)
		}
		if err != nil || !ok { // The beacons of the latest blocks may not exist yet.
			return false, err
		}
		return true, cmp.Or(f(decision), ctx.Err())
	})
}

// OrderedFrom calls f with every commitment ordered from a height on, in order, until it returns false.
func (n *Node) OrderedFrom(height int64, f func(order.Ordered) (more bool, err error)) error {
	for {
		next, ok, err := n.store.nextOrdered(height)
		if err != nil || !ok {
			return err
		}
		all, err := n.store.orderedAt(next)
		if err != nil {
			return err
		}
		for _, ordered := range all {
			if more, err := f(ordered); err != nil || !more {
				return err
			}
		}
		height = next + 1
	}
}

// String names the validator.
func (n *Node) String() string {
	return fmt.Sprintf("%s of %s", n.home.member.Name, n.home.genesis.ChainID)
}
