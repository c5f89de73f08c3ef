// Package chain runs one validator: CometBFT as a library, with the state machine of package order as its application
// and the threshold signatures of package threshold in its vote extensions. Nothing outside this package knows CometBFT.
package chain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	cmt "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Config is what a validator needs to know.
type Config struct {
	// Home is the folder with keys, genesis and data.
	Home string
	// IdentityFile is the age identity that decrypts the beacon key; empty for the file beside the home.
	IdentityFile string
	// Version is the newest protocol version that this validator may speak; 0 for the release's own.
	Version uint32
	// Listen is the host:port that other validators connect to.
	Listen string
	// Peers are the other validators as id@host:port; where there are none, those that the home names.
	Peers []string
	// ProposeTimeout is how long a proposal may take before the next proposer gets its turn.
	ProposeTimeout time.Duration
	// GossipSleep is how long gossip rests when it has nothing to tell.
	GossipSleep time.Duration
}

// Decision is a round's commitment with the beacon that throws its dice.
type Decision struct {
	order.Ordered
	// BeaconHeight is the block whose precommits carried the signature.
	BeaconHeight int64
	// Signature is the group's over BeaconHeight.
	Signature []byte
}

// Node is a running validator.
type Node struct {
	logger    *slog.Logger
	home      *home
	store     *store
	app       *app
	comet     *node.Node
	states    state.Store
	consensus *cmt.ConsensusConfig
	// proposeTimeout is what consensus waits for a proposer that is connected.
	proposeTimeout time.Duration
	decisions      *events.Hub[Decision]
	collected      atomic.Int64

	peers      []peerAddress
	stopOnce   sync.Once
	stop       chan struct{}
	background sync.WaitGroup
}

// maxPeers bounds the connections to other validators, in each direction.
const maxPeers = 100

// maxTx bounds a transaction: a deal among protocol.MaxMembers validators is the largest.
const maxTx = 32 << 10

// decisionBuffer is how many decisions a watcher may be behind before it is sent to the store.
const decisionBuffer = 256

// Open reads the home and brings the application up to the blocks that are stored there. Peers are not contacted yet.
func Open(cfg Config, logger *slog.Logger) (*Node, error) { return open(cfg, logger, seams{}) }

func open(cfg Config, logger *slog.Logger, between seams) (*Node, error) {
	h, err := openHome(cfg.Home, cfg.IdentityFile)
	if err != nil {
		return nil, err
	}
	if len(cfg.Peers) == 0 {
		if cfg.Peers, err = readPeers(cfg.Home); err != nil {
			return nil, err
		}
	}
	peers, err := parsePeers(cfg.Peers)
	if err != nil {
		return nil, fmt.Errorf("peers: %w", err)
	}
	db, err := openDB("application", h.dir)
	if err != nil {
		return nil, err
	}
	n := &Node{
		logger:    logger.With("validator", h.card.Name),
		home:      h,
		store:     &store{db: db},
		peers:     peers,
		decisions: events.NewHub[Decision](decisionBuffer),
		stop:      make(chan struct{}),
	}
	if n.app, err = n.newApp(cmp.Or(cfg.Version, order.Version)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if n.comet, err = n.newComet(cfg, between); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return n, nil
}

// newApp brings the application to the state that is stored.
func (n *Node) newApp(version uint32) (a *app, err error) {
	a = &app{logger: n.logger, store: n.store, key: n.home.beaconKey, address: n.home.card.Address(), version: version, now: time.Now,
		committed: make(chan struct{}, 1), changed: make(chan struct{}, 1), pace: n.pace}
	if a.last, err = n.store.tip(); err != nil {
		return nil, err
	}
	first, err := n.home.state.group(n.home.genesis.ChainID)
	if err != nil {
		return nil, err
	}
	if a.group, err = n.store.group(); err != nil {
		return nil, err
	}
	if a.group == nil {
		a.group = first
	}
	if a.group.Chain != first.Chain {
		return nil, fmt.Errorf("%s is of another chain than the data; restore it from a backup", genesisFile)
	}
	if a.sharings, err = a.holdAll(a.group, nil); err != nil {
		return nil, err
	}
	return a, a.speaks(a.group.Version)
}

func (n *Node) newComet(cfg Config, between seams) (*node.Node, error) {
	config := cometConfig(cfg, n.home.card.Name)
	n.consensus, n.proposeTimeout = config.Consensus, cfg.ProposeTimeout
	return node.NewNode(
		config, between.wrapKey(n.home.key), n.home.nodeKey,
		proxy.NewConnSyncLocalClientCreator(between.wrapApplication(n.app)),
		func() (*types.GenesisDoc, error) { return n.home.genesis, nil },
		n.provide,
		node.DefaultMetricsProvider(&cmt.InstrumentationConfig{}), cometLogger{n.logger, &n.app.leaving}, between.options...,
	)
}

// cometConfig is tuned for few validators and quick rounds: blocks are made only when there is work, and as soon as the
// last one is done.
func cometConfig(cfg Config, name string) *cmt.Config {
	c := cmt.DefaultConfig()
	c.SetRoot(cfg.Home)
	c.Moniker = name
	c.FilterPeers = true
	c.RPC.ListenAddress = "" // Our gRPC server is the only way in.
	c.TxIndex.Indexer = "null"
	c.Storage.DiscardABCIResponses = true

	c.P2P.ListenAddress = "tcp://" + cfg.Listen
	c.P2P.MaxNumInboundPeers, c.P2P.MaxNumOutboundPeers = maxPeers, maxPeers
	c.P2P.PexReactor = false
	c.P2P.AddrBook = filepath.Join(dataDir, "addrbook.json")
	c.P2P.AddrBookStrict = false
	c.P2P.AllowDuplicateIP = true
	c.P2P.FlushThrottleTimeout = time.Millisecond
	c.P2P.MaxPacketMsgPayloadSize = 16 << 10
	c.P2P.SendRate, c.P2P.RecvRate = 100<<20, 100<<20

	c.Consensus.WalPath = filepath.Join(dataDir, "cs.wal", "wal")
	c.Consensus.CreateEmptyBlocks = false
	c.Consensus.TimeoutCommit = 0
	c.Consensus.SkipTimeoutCommit = true
	// A proposer that says nothing costs its blocks the first of these times, so it is short. Those of later rounds are much longer:
	// one that is only slow, or far away, gets its block through in the second.
	c.Consensus.TimeoutPropose, c.Consensus.TimeoutProposeDelta = cfg.ProposeTimeout, 4*cfg.ProposeTimeout
	c.Consensus.TimeoutPrevote, c.Consensus.TimeoutPrevoteDelta = cfg.ProposeTimeout/4, cfg.ProposeTimeout
	c.Consensus.TimeoutPrecommit, c.Consensus.TimeoutPrecommitDelta = cfg.ProposeTimeout/50, cfg.ProposeTimeout
	c.Consensus.PeerGossipSleepDuration = cfg.GossipSleep

	c.Mempool.Size = 10_000
	c.Mempool.CacheSize = 0 // The application knows what was decided; a cache would keep Submit from telling again.
	c.Mempool.MaxTxBytes = maxTx
	return c
}

// Start connects to the peers and takes part in consensus.
func (n *Node) Start() error {
	if err := n.comet.Start(); err != nil {
		return err
	}
	n.background.Go(n.collect)
	n.background.Go(n.attend)
	for _, peer := range n.peers {
		n.background.Go(func() { n.connect(peer) })
	}
	return nil
}

// Stop leaves consensus and closes the stores. It may be called more than once, and without Start.
func (n *Node) Stop() error {
	var err error
	n.stopOnce.Do(func() {
		n.app.leaving.Store(true)
		close(n.stop)
		if n.comet.IsRunning() {
			err = n.comet.Stop()
			n.comet.Wait()
		}
		n.background.Wait()
		err = errors.Join(err, n.store.db.Close())
	})
	return err
}

// Ordered returns what stands under a round.
func (n *Node) Ordered(round order.Round) (order.Ordered, bool, error) { return n.store.Ordered(round) }

// Collected is the height up to which every beacon that was drawn is known here.
func (n *Node) Collected() int64 { return n.collected.Load() }

// Beacon returns the signature of a height, nil where there is none.
func (n *Node) Beacon(height int64) ([]byte, error) { return n.store.beacon(height) }

// Decision returns the decision on a round. ok is false until its beacon is known.
func (n *Node) Decision(round order.Round) (decision Decision, ok bool, err error) {
	ordered, ok, err := n.store.Ordered(round)
	if err != nil || !ok {
		return Decision{}, false, err
	}
	return n.decide(ordered)
}

func (n *Node) decide(ordered order.Ordered) (Decision, bool, error) {
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
			decision, ok, err := n.decide(ordered)
			if err != nil || !ok { // The latest block's beacon may be still to come.
				return err
			}
			if err := f(decision); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		height = next + 1
	}
}

// String names the validator.
func (n *Node) String() string {
	return fmt.Sprintf("%s of %s", n.home.card.Name, n.home.genesis.ChainID)
}
