package chain

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	cmt "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/dirlock"
	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Open reads the home and replays the stored blocks that the application has not executed. It does not contact peers yet.
func Open(cfg Config, logger *slog.Logger) (*Node, error) { return open(cfg, logger, testHooks{}) }

func open(cfg Config, logger *slog.Logger, between testHooks) (*Node, error) {
	unlock, err := lockHome(cfg.Home)
	if err != nil {
		return nil, err
	}
	n := &Node{unlock: unlock, termination: newTermination(), decisions: events.NewHub[Decision](decisionBuffer), stop: make(chan struct{}),
		snapshotBlocks: cfg.SnapshotBlocks, snapshotDue: make(chan struct{}), precommits: newPrecommitFetcher()}
	if err := n.open(cfg, logger, between); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *Node) open(cfg Config, logger *slog.Logger, between testHooks) (err error) {
	if err := checkDiverged(cfg.Home); err != nil {
		return err
	}
	if n.home, err = openHome(cfg.Home, cfg.IdentityFile, cfg.SignerAddress, cometLogger{logger: cometModule(logger), stopping: new(atomic.Bool)}); err != nil {
		return err
	}
	n.logger = logger.With("validator", n.home.member.Name)
	if err := resetIfMarked(cfg.Home, n.logger); err != nil {
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
	n.store, n.signatures = &store{db: db}, &signatureCache{chainID: n.home.genesis.ChainID}
	n.evidence = newEvidenceLog(n.logger, n.store, n.signatures)
	if n.app, err = n.newApp(cfg); err != nil {
		return err
	}
	n.comet, err = n.newComet(cfg, between)
	return err
}

// newApp makes the application and loads its stored state.
func (n *Node) newApp(cfg Config) (*app, error) {
	a := &app{logger: n.logger, store: n.store, key: n.home.beaconKey, address: n.home.member.Address(), version: cmp.Or(cfg.Version, order.Version), now: time.Now,
		evidence: n.evidence, loadBlock: n.storedBlock, retain: cfg.RetainBlocks, collected: n.Collected, wal: filepath.Join(n.home.dir, walDir), home: n.home.dir,
		snapshots: &snapshotStore{dir: filepath.Join(n.home.dir, snapshotDir), store: n.store, every: cfg.SnapshotBlocks},
		committed: make(chan struct{}, 1), changed: make(chan struct{}, 1), setProposeTimeout: n.setProposeTimeout, admitsPeer: n.admitsPeer}
	var err error
	if a.origin, err = newOrigin(n.home); err != nil {
		return nil, err
	}
	return a, a.load()
}

func newOrigin(h *home) (*origin, error) {
	hash, err := genesisAppHash(h.genesis.AppState)
	if err != nil {
		return nil, err
	}
	group, err := h.state.group(h.genesis.ChainID)
	return &origin{genesis: h.genesis, appHash: hash, group: group}, err
}

// load reads the stored state.
func (a *app) load() error {
	last, err := a.store.tip()
	if err != nil {
		return err
	}
	if last.Height == 0 {
		if err := a.store.clear(); err != nil {
			return err
		}
	}
	group, err := a.store.group()
	if err != nil {
		return err
	}
	if group == nil {
		group = a.origin.group
	}
	if group.Chain != a.origin.group.Chain {
		return fmt.Errorf("%s is of another chain than the data; restore it from a backup", genesisFile)
	}
	sharings, err := a.loadSharings(group, nil)
	if err != nil {
		return err
	}
	a.setState(last, group, sharings)
	return a.checkVersion(group.Version)
}

// storedBlock returns a block of CometBFT's block store; nil if it is not there.
func (n *Node) storedBlock(height int64) *types.Block { return n.blocks.LoadBlock(height) }

// close releases the resources that Open acquired.
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
	unlock, err = dirlock.Acquire(filepath.Join(dir, dataDir))
	if errors.Is(err, dirlock.ErrLocked) {
		return nil, fmt.Errorf("%w: two validators with one key would sign twice; stop the other one first", err)
	}
	return unlock, err
}

// newComet makes CometBFT's node, which first replays its stored blocks to the application. It panics if the two have different
// states.
func (n *Node) newComet(cfg Config, between testHooks) (comet *node.Node, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", ErrDiverged, cause)
		}
	}()
	guard, err := newSignGuard(n.home.signer, n.home.genesis.ChainID, cfg.ListenFirst, n.halt)
	if err != nil {
		return nil, err
	}
	n.signatures.onVote, guard.onSigned = guard.checkVote, n.gossip.wake
	c := cometConfig(cfg, n.home.member.Name)
	n.consensus, n.proposeTimeout = c.Consensus, cfg.ProposeTimeout
	if err := n.beginStateSync(); err != nil {
		return nil, err
	}
	c.StateSync.Enable, n.stateProvider = n.stateSyncing, newStateProvider(n.logger, n.home.genesis)
	options := []node.Option{n.wrapConsensus, n.wrapStateSync, n.wrapBlockSync, n.wrapMempool}
	return node.NewNode(
		c, between.wrapSigner(guard), n.home.nodeKey, proxy.NewConnSyncLocalClientCreator(between.wrapApplication(n.app)),
		func() (*types.GenesisDoc, error) { return n.home.genesis, nil },
		n.openCometDB,
		node.DefaultMetricsProvider(&cmt.InstrumentationConfig{}), cometLogger{logger: cometModule(n.logger), stopping: &n.app.stopping, onError: n.onCometError},
		append(options, between.options...)...,
	)
}
