package chain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	cmtstate "github.com/cometbft/cometbft/proto/tendermint/state"
	ssproto "github.com/cometbft/cometbft/proto/tendermint/statesync"
	"github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"
)

// stateProvider gives CometBFT's state sync the light blocks around a snapshot. CometBFT's own provider would fetch them from RPC servers,
// which validators here don't run; instead a snapshot is offered together with these blocks, which are verified from genesis.
type stateProvider struct {
	logger  *slog.Logger
	genesis *types.GenesisDoc

	mu     sync.Mutex
	offers map[int64]*offeredSnapshot // By height.
}

// offeredSnapshot is a snapshot that peers offer.
type offeredSnapshot struct {
	blocks []*types.LightBlock // That of the snapshot's height and the two after it.
	peers  map[p2p.ID]bool
}

func newStateProvider(logger *slog.Logger, genesis *types.GenesisDoc) *stateProvider {
	return &stateProvider{logger: logger, genesis: genesis, offers: make(map[int64]*offeredSnapshot)}
}

// maxOffers bounds the snapshots that are remembered of one peer. CometBFT has the same bound. Since it is per peer, the offers of one
// peer evict none of another's.
const maxOffers = 10

// addOffer verifies the blocks of a snapshot that a peer offers, and remembers it.
func (p *stateProvider) addOffer(from p2p.ID, sent *ssproto.SnapshotsResponse) {
	m, err := parseManifest(sent.Metadata)
	if err == nil && (uint64(m.Height) != sent.Height || string(m.hash()) != string(sent.Hash)) {
		err = errors.New("manifest: it describes another snapshot")
	}
	var blocks []*types.LightBlock
	if err == nil {
		blocks, err = m.lightBlocks(p.genesis)
	}
	if err != nil {
		p.logger.Warn("a peer offers a snapshot that can't be verified", "height", sent.Height, "error", err)
		return
	}
	p.remember(from, m.Height, blocks)
}

// remember stores an offer. If the peer has too many, its oldest is evicted, which is the one that the peer deletes first.
func (p *stateProvider) remember(from p2p.ID, height int64, blocks []*types.LightBlock) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.offers[height] == nil {
		p.offers[height] = &offeredSnapshot{peers: make(map[p2p.ID]bool)}
	}
	p.offers[height].blocks = blocks
	p.offers[height].peers[from] = true
	var heights []int64
	for height, o := range p.offers {
		if o.peers[from] {
			heights = append(heights, height)
		}
	}
	if len(heights) <= maxOffers {
		return
	}
	oldest := slices.Min(heights)
	delete(p.offers[oldest].peers, from)
	if len(p.offers[oldest].peers) == 0 {
		delete(p.offers, oldest)
	}
}

// latestSnapshot returns the height of the latest verified snapshot; 0 if there is none.
func (p *stateProvider) latestSnapshot() (height int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for proven := range p.offers {
		height = max(height, proven)
	}
	return height
}

// lightBlocks returns the light blocks of a snapshot: that of its height and the two after it.
func (p *stateProvider) lightBlocks(height uint64) ([]*types.LightBlock, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o, ok := p.offers[int64(height)]; ok {
		return o.blocks, nil
	}
	return nil, fmt.Errorf("no peer has sent verifiable blocks for the snapshot at height %d", height)
}

// AppHash implements statesync.StateProvider.
func (p *stateProvider) AppHash(_ context.Context, height uint64) ([]byte, error) {
	blocks, err := p.lightBlocks(height)
	if err != nil {
		return nil, err
	}
	return blocks[1].AppHash, nil
}

// Commit implements statesync.StateProvider.
func (p *stateProvider) Commit(_ context.Context, height uint64) (*types.Commit, error) {
	blocks, err := p.lightBlocks(height)
	if err != nil {
		return nil, err
	}
	return blocks[0].Commit, nil
}

// State implements statesync.StateProvider. The consensus parameters are those of genesis: only the version ever changes.
func (p *stateProvider) State(_ context.Context, height uint64) (state.State, error) {
	blocks, err := p.lightBlocks(height)
	if err != nil {
		return state.State{}, err
	}
	last, current, next := blocks[0], blocks[1], blocks[2]
	params := *p.genesis.ConsensusParams
	params.Version.App = current.Version.App
	if string(params.Hash()) != string(current.ConsensusHash) {
		return state.State{}, errors.New("the chain's consensus parameters are not those of genesis")
	}
	return state.State{
		ChainID: p.genesis.ChainID, InitialHeight: p.genesis.InitialHeight,
		Version:         cmtstate.Version{Consensus: current.Version, Software: version.TMCoreSemVer},
		LastBlockHeight: last.Height, LastBlockTime: last.Time, LastBlockID: last.Commit.BlockID,
		AppHash: current.AppHash, LastResultsHash: current.LastResultsHash,
		LastValidators: last.ValidatorSet, Validators: current.ValidatorSet, NextValidators: next.ValidatorSet,
		LastHeightValidatorsChanged: next.Height,
		ConsensusParams:             params, LastHeightConsensusParamsChanged: current.Height,
	}, nil
}

// stateSyncReactor is CometBFT's state sync reactor, which shows offers to the state provider, and drops offers and chunks of untrusted
// peers: CometBFT accepts the first chunk that arrives, whoever sent it.
type stateSyncReactor struct {
	p2p.Reactor
	addOffer  func(p2p.ID, *ssproto.SnapshotsResponse)
	isTrusted func(p2p.ID) bool
}

// Receive implements p2p.Reactor.
func (r stateSyncReactor) Receive(e p2p.Envelope) {
	switch sent := e.Message.(type) {
	case *ssproto.SnapshotsResponse:
		if !r.isTrusted(e.Src.ID()) {
			return
		}
		r.addOffer(e.Src.ID(), sent)
	case *ssproto.ChunkResponse:
		if !r.isTrusted(e.Src.ID()) {
			return
		}
	}
	r.Reactor.Receive(e)
}

// stateSyncReactorName is CometBFT's name of its state sync reactor.
const stateSyncReactorName = "STATESYNC"

// wrapStateSync wraps a node's state sync reactor, and sets its state provider.
func (n *Node) wrapStateSync(comet *node.Node) {
	node.StateProvider(n.stateProvider)(comet)
	if reactor, ok := comet.Switch().Reactor(stateSyncReactorName); ok {
		node.CustomReactors(map[string]p2p.Reactor{stateSyncReactorName: stateSyncReactor{reactor, n.stateProvider.addOffer, n.isTrusted}})(comet)
	}
}

// needsStateSync reports whether this validator has lost its data or was added later. It can't start at genesis then, since its peers may
// have pruned the first blocks.
func (n *Node) needsStateSync() bool {
	_, err := os.Stat(filepath.Join(n.home.dir, newChainFile))
	return n.app.tip().Height == 0 && errors.Is(err, fs.ErrNotExist)
}
