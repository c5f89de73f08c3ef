// Package chain runs one validator: CometBFT as a library, with the state machine of package order as its application
// and the threshold signatures of package threshold in its vote extensions. Nothing outside this package knows CometBFT.
package chain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	cmt "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/state"
	blockstore "github.com/cometbft/cometbft/store"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/dirlock"
	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Config is what a validator needs to know.
type Config struct {
	// Home is the folder with keys, genesis and data.
	Home string
	// Listen is the host:port that other validators connect to.
	Listen string
	// Peers are the other validators as id@host:port; where there are none, those that the home names.
	Peers []string
	// ProposeTimeout is how long a proposal may take before the next proposer gets its turn.
	ProposeTimeout time.Duration
	// GossipSleep is how long gossip rests when it has nothing to tell.
	GossipSleep time.Duration
	// RetainBlocks is how many blocks are kept; 0 keeps all. Rounds stay provable without their blocks.
	RetainBlocks int64
	// SnapshotBlocks is how many blocks lie between two snapshots of the state; 0 makes none.
	SnapshotBlocks int64
	// ListenFirst is how long the validator listens for another one with its key before it signs its first vote.
	ListenFirst time.Duration
	// SignerAddress is where a remote signer calls in; empty signs with the key in the home.
	SignerAddress string

	// Tests make validators of theirs misbehave.
	signer func(types.PrivValidator) types.PrivValidator
	abci   func(abci.Application) abci.Application
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
	facts     Facts
	store     *store
	app       *app
	comet     *node.Node
	states    state.Store
	blocks    *blockstore.BlockStore
	docket    *docket
	witness   *witness
	fate      *fate
	unlock    func()
	decisions *events.Hub[Decision]
	collected atomic.Int64

	databases      []dbm.DB
	snapshotBlocks int64
	due            chan struct{} // Tells that a snapshot may be due.
	peers          []peerAddress
	stopOnce       sync.Once
	stop           chan struct{}
	background     sync.WaitGroup
}

// discoveryTime is how long a validator without data looks for snapshots before it takes the best; CometBFT allows no less.
const discoveryTime = 5 * time.Second

// maxPeers bounds the connections to other validators, in each direction.
const maxPeers = 100

// decisionBuffer is how many decisions a watcher may be behind before it is sent to the store.
const decisionBuffer = 256

// Open reads the home and brings the application up to the blocks that are stored there. Peers are not contacted yet.
func Open(cfg Config, logger *slog.Logger) (*Node, error) {
	unlock, err := lockHome(cfg.Home)
	if err != nil {
		return nil, err
	}
	n := &Node{unlock: unlock, fate: newFate(), decisions: events.NewHub[Decision](decisionBuffer), stop: make(chan struct{})}
	if err := n.open(cfg, logger); err != nil {
		return nil, errors.Join(err, n.close())
	}
	if n.home.state.Dealing == TrustedDealer {
		n.logger.Warn(DealerNote)
	}
	return n, nil
}

func (n *Node) open(cfg Config, logger *slog.Logger) (err error) {
	if err := checkDiverged(cfg.Home); err != nil {
		return err
	}
	if n.home, err = openHome(cfg.Home, cfg.SignerAddress, cometLogger{logger, new(atomic.Bool), nil}); err != nil {
		return err
	}
	n.logger = logger.With("validator", n.home.name)
	indices, err := n.home.indices()
	if err != nil {
		return err
	}
	if len(cfg.Peers) == 0 {
		if cfg.Peers, err = readPeers(cfg.Home); err != nil {
			return err
		}
	}
	if n.peers, err = parsePeers(cfg.Peers); err != nil {
		return fmt.Errorf("peers: %w", err)
	}
	db, err := n.openDB("application")
	if err != nil {
		return err
	}
	n.store, n.facts = &store{db: db}, n.readFacts()
	n.witness = &witness{chainID: n.home.genesis.ChainID}
	n.docket = newDocket(n.logger, n.store, n.witness, n.home.genesis)
	n.app = &app{logger: n.logger, store: n.store, public: n.home.public, share: n.home.share, indices: indices, retain: cfg.RetainBlocks,
		address: n.home.key.Address(), docket: n.docket, genesis: genesisMembers(n.home.genesis), block: n.storedBlock, collected: n.Collected, wal: filepath.Join(n.home.dir, walDir), committed: make(chan struct{}, 1)}
	n.snapshotBlocks, n.due = cfg.SnapshotBlocks, make(chan struct{})
	if err := n.app.load(n.home); err != nil {
		return err
	}
	n.comet, err = n.newComet(cfg)
	return err
}

// storedBlock is one that CometBFT has; nil where it has not.
func (n *Node) storedBlock(height int64) *types.Block { return n.blocks.LoadBlock(height) }

// close releases what Open took.
func (n *Node) close() error {
	var err error
	if n.home != nil {
		err = n.home.close()
	}
	for _, db := range n.databases {
		err = errors.Join(err, db.Close())
	}
	n.unlock()
	return err
}

// lockHome keeps two processes of one machine from signing with one key.
func lockHome(dir string) (unlock func(), err error) {
	if _, err := os.Stat(filepath.Join(dir, genesisFile)); err != nil {
		return nil, fmt.Errorf("no validator lives here; make one with `bitcraps chain init`: %w", err)
	}
	unlock, err = dirlock.Take(filepath.Join(dir, dataDir))
	if errors.Is(err, dirlock.ErrTaken) {
		return nil, fmt.Errorf("%w: two validators with one key would sign twice; stop the other one first", err)
	}
	return unlock, err
}

// DealerNote is what the log and the status say where a dealer made the beacon's shares.
const DealerNote = "the beacon's shares were dealt in one place at genesis: whoever dealt them could have kept the group secret and foreseen every roll"

// newComet makes CometBFT's node, which first brings the application up to its own stores. Where the two don't fit, it
// panics.
func (n *Node) newComet(cfg Config) (comet *node.Node, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", ErrDiverged, cause)
		}
	}()
	guard, err := newGuard(n.home.signer, n.home.genesis.ChainID, n.app.tip().Height, cfg.ListenFirst, n.halt)
	if err != nil {
		return nil, err
	}
	n.witness.heard = guard.heard
	var signer types.PrivValidator = guard
	var application abci.Application = n.app
	if cfg.signer != nil {
		signer = cfg.signer(guard)
	}
	if cfg.abci != nil {
		application = cfg.abci(n.app)
	}
	c := cometConfig(cfg, n.home.name)
	c.StateSync.Enable = n.mustJoin()
	return node.NewNode(
		c, signer, n.home.nodeKey, proxy.NewConnSyncLocalClientCreator(application),
		func() (*types.GenesisDoc, error) { return n.home.genesis, nil },
		n.provide,
		node.DefaultMetricsProvider(&cmt.InstrumentationConfig{}), cometLogger{n.logger, &n.app.leaving, n.overheard},
		n.witness.install, (&joining{logger: n.logger, genesis: n.home.genesis, blocks: make(map[int64][]*types.LightBlock)}).install,
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
	c.StateSync.DiscoveryTime = discoveryTime
	c.StateSync.TempDir = filepath.Join(cfg.Home, dataDir)
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

	c.Consensus.WalPath = filepath.Join(walDir, "wal")
	c.Consensus.CreateEmptyBlocks = false
	c.Consensus.TimeoutCommit = 0
	c.Consensus.SkipTimeoutCommit = true
	c.Consensus.TimeoutPropose = cfg.ProposeTimeout
	c.Consensus.TimeoutProposeDelta = cfg.ProposeTimeout / 2
	c.Consensus.TimeoutPrevote, c.Consensus.TimeoutPrevoteDelta = cfg.ProposeTimeout/2, cfg.ProposeTimeout/2
	c.Consensus.TimeoutPrecommit, c.Consensus.TimeoutPrecommitDelta = cfg.ProposeTimeout/2, cfg.ProposeTimeout/2
	c.Consensus.PeerGossipSleepDuration = cfg.GossipSleep

	c.Mempool.Size = 10_000
	c.Mempool.CacheSize = 0 // The application knows what was decided; a cache would keep Submit from telling again.
	c.Mempool.MaxTxBytes = 512
	return c
}

// Start connects to the peers and takes part in consensus.
func (n *Node) Start() error {
	if err := n.comet.Start(); err != nil {
		return err
	}
	n.background.Go(n.collect)
	n.background.Go(n.keepSnapshots)
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
		err = errors.Join(err, n.close())
	})
	return err
}

// Errors of Submit.
var (
	// ErrFull means that too many commitments wait for a block.
	ErrFull = errors.New("chain: the mempool is full")
	// ErrNoQuorum means that too few validators are connected to decide anything, or that this one is catching up.
	ErrNoQuorum = errors.New("chain: too few validators answer")
)

// Submit hands a commitment to the validators. Handing one in again tells all peers again: one that was still catching
// up threw away what it was told, and might be the next to propose.
func (n *Node) Submit(tx []byte) error {
	if n.comet.ConsensusReactor().WaitSync() || len(n.Connected()) < Quorum(n.Members()) {
		return ErrNoQuorum
	}
	pool := n.comet.Mempool()
	if err := pool.RemoveTxByKey(types.Tx(tx).Key()); err != nil && !errors.Is(err, mempool.ErrTxNotFound) {
		return err
	}
	err := pool.CheckTx(tx, nil, mempool.TxInfo{})
	var full mempool.ErrMempoolIsFull
	if errors.As(err, &full) || errors.Is(err, mempool.ErrRecheckFull) {
		return ErrFull
	}
	return err
}

// Members is how many validators have a vote.
func (n *Node) Members() int { return len(n.app.members()) }

// Connected are the names of the validators with a vote that this one talks to, its own first.
func (n *Node) Connected() []string {
	names := []string{n.home.name}
	if n.comet.IsRunning() {
		n.comet.Switch().Peers().ForEach(func(peer p2p.Peer) { names = append(names, moniker(peer)) })
	}
	members := n.app.members()
	return slices.DeleteFunc(names, func(name string) bool {
		return !slices.ContainsFunc(members, func(m member) bool { return m.name == name })
	})
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
func (n *Node) String() string { return fmt.Sprintf("%s of %s", n.home.name, n.home.genesis.ChainID) }
