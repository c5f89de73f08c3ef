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

// joining gives CometBFT what it must know of the blocks around a snapshot. CometBFT would ask light-client servers, which
// validators here are not; but who offers a snapshot sends these blocks with it, and they prove themselves.
type stateProvider struct {
	logger  *slog.Logger
	genesis *types.GenesisDoc

	mu     sync.Mutex
	offers map[int64]*offeredSnapshot // By height.
}

// offer is a snapshot that peers offer.
type offeredSnapshot struct {
	blocks []*types.LightBlock // Its own and the two behind it.
	peers  map[p2p.ID]bool
}

func newStateProvider(logger *slog.Logger, genesis *types.GenesisDoc) *stateProvider {
	return &stateProvider{logger: logger, genesis: genesis, offers: make(map[int64]*offeredSnapshot)}
}

// maxOffers bounds the snapshots of one peer that are remembered. CometBFT remembers so many, too; and many of one peer push out none of
// another one's.
const maxOffers = 10

// learn checks the blocks of a snapshot that a peer offers.
func (j *stateProvider) addOffer(from p2p.ID, sent *ssproto.SnapshotsResponse) {
	m, err := parseManifest(sent.Metadata)
	if err == nil && (uint64(m.Height) != sent.Height || string(m.hash()) != string(sent.Hash)) {
		err = errors.New("manifest: of another snapshot")
	}
	var blocks []*types.LightBlock
	if err == nil {
		blocks, err = m.lightBlocks(j.genesis)
	}
	if err != nil {
		j.logger.Warn("a peer offers a snapshot that proves nothing", "height", sent.Height, "error", err)
		return
	}
	j.remember(from, m.Height, blocks)
}

// remember keeps an offer, and forgets the oldest one of a peer that has too many: it is the first that the peer forgets.
func (j *stateProvider) remember(from p2p.ID, height int64, blocks []*types.LightBlock) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.offers[height] == nil {
		j.offers[height] = &offeredSnapshot{peers: make(map[p2p.ID]bool)}
	}
	j.offers[height].blocks = blocks
	j.offers[height].peers[from] = true
	var heights []int64
	for height, o := range j.offers {
		if o.peers[from] {
			heights = append(heights, height)
		}
	}
	if len(heights) <= maxOffers {
		return
	}
	oldest := slices.Min(heights)
	delete(j.offers[oldest].peers, from)
	if len(j.offers[oldest].peers) == 0 {
		delete(j.offers, oldest)
	}
}

// best is the height of the latest snapshot that a peer proved; 0 where none did.
func (j *stateProvider) latestSnapshot() (height int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for proven := range j.offers {
		height = max(height, proven)
	}
	return height
}

// three are the blocks of a snapshot: its own and the two behind it.
func (j *stateProvider) lightBlocks(height uint64) ([]*types.LightBlock, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if o, ok := j.offers[int64(height)]; ok {
		return o.blocks, nil
	}
	return nil, fmt.Errorf("no peer proved the blocks of the snapshot at height %d", height)
}

// AppHash implements statesync.StateProvider.
func (j *stateProvider) AppHash(_ context.Context, height uint64) ([]byte, error) {
	blocks, err := j.lightBlocks(height)
	if err != nil {
		return nil, err
	}
	return blocks[1].AppHash, nil
}

// Commit implements statesync.StateProvider.
func (j *stateProvider) Commit(_ context.Context, height uint64) (*types.Commit, error) {
	blocks, err := j.lightBlocks(height)
	if err != nil {
		return nil, err
	}
	return blocks[0].Commit, nil
}

// State implements statesync.StateProvider. The consensus parameters are those of genesis: nothing
// changes them but the version.
func (j *stateProvider) State(_ context.Context, height uint64) (state.State, error) {
	blocks, err := j.lightBlocks(height)
	if err != nil {
		return state.State{}, err
	}
	last, current, next := blocks[0], blocks[1], blocks[2]
	params := *j.genesis.ConsensusParams
	params.Version.App = current.Version.App
	if string(params.Hash()) != string(current.ConsensusHash) {
		return state.State{}, errors.New("the chain's consensus parameters are not those of genesis")
	}
	return state.State{
		ChainID: j.genesis.ChainID, InitialHeight: j.genesis.InitialHeight,
		Version:         cmtstate.Version{Consensus: current.Version, Software: version.TMCoreSemVer},
		LastBlockHeight: last.Height, LastBlockTime: last.Time, LastBlockID: last.Commit.BlockID,
		AppHash: current.AppHash, LastResultsHash: current.LastResultsHash,
		LastValidators: last.ValidatorSet, Validators: current.ValidatorSet, NextValidators: next.ValidatorSet,
		LastHeightValidatorsChanged: next.Height,
		ConsensusParams:             params, LastHeightConsensusParamsChanged: current.Height,
	}, nil
}

// offers is CometBFT's state sync with a view of what peers offer, and an ear for the known ones alone: CometBFT takes the first chunk that
// comes, whoever sent it.
type stateSyncReactor struct {
	p2p.Reactor
	addOffer  func(p2p.ID, *ssproto.SnapshotsResponse)
	isTrusted func(p2p.ID) bool
}

// Receive implements p2p.Reactor.
func (o stateSyncReactor) Receive(e p2p.Envelope) {
	switch sent := e.Message.(type) {
	case *ssproto.SnapshotsResponse:
		if !o.isTrusted(e.Src.ID()) {
			return
		}
		o.addOffer(e.Src.ID(), sent)
	case *ssproto.ChunkResponse:
		if !o.isTrusted(e.Src.ID()) {
			return
		}
	}
	o.Reactor.Receive(e)
}

// snapshotReactor is CometBFT's name for it.
const stateSyncReactorName = "STATESYNC"

// viewOffers puts the view in front of a node's state sync, and answers it.
func (n *Node) wrapStateSync(comet *node.Node) {
	node.StateProvider(n.stateProvider)(comet)
	if reactor, ok := comet.Switch().Reactor(stateSyncReactorName); ok {
		node.CustomReactors(map[string]p2p.Reactor{stateSyncReactorName: stateSyncReactor{reactor, n.stateProvider.addOffer, n.isTrusted}})(comet)
	}
}

// mustJoin reports whether this validator's data is gone, or it came later, so that it can't begin at genesis: blocks that its
// peers no longer have are no longer to be had.
func (n *Node) needsStateSync() bool {
	_, err := os.Stat(filepath.Join(n.home.dir, newChainFile))
	return n.app.tip().Height == 0 && errors.Is(err, fs.ErrNotExist)
}
