package chain

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"

	abci "github.com/cometbft/cometbft/abci/types"
	cmt "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/dirlock"
	"github.com/bitcraps/bitcraps/libs/events"
)

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
